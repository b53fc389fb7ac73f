"""A process that writes rows and their messages until it is killed: DATABASE QUEUE FIRST."""

import asyncio
import sys

from tests.queue.outboxes import opened, placed


async def main(url: str, queue: str, number: int) -> None:
    """Write one row and its message after the other."""
    async with opened(url, {"file": queue}) as (database, outbox, producer):
        while True:
            await placed(database, outbox, producer, number)
            number += 1


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
