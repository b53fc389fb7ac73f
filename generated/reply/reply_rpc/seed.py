"""Rows to try reply with: `python -m reply_rpc.seed [FILE]` puts them into an empty database; FILE has the settings."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from mallgen_runtime import load_config
from msgspec.structs import replace

from reply_rpc.config import Config
from reply_rpc.svc import ServiceContext

START = datetime.fromtimestamp(1_655_000_000, UTC)
COMMENTS = 40
GONE = 9  # a user who is no longer there


async def fill(svc: ServiceContext) -> None:
    """Insert the rows."""
    numbers = range(1, COMMENTS + 1)
    # every third comment has the time of the one before it
    times = {n: START + timedelta(seconds=n - n % 3 // 2) for n in numbers}
    await svc.comment.insert_many(
        [
            {
                "id": n,
                "product_id": 1,
                "user_id": GONE if n == 5 else 7,
                "content": f"第 {n} 条评论",
                "create_time": times[n],
                "update_time": times[n],
            }
            for n in numbers
        ]
    )
    await svc.commentimage.insert_many(
        [{"comment_id": n, "url": f"/comment/{n}.png"} for n in numbers]
    )


async def main() -> None:
    """Open the service's database, which dev mode makes where it is a file of SQLite, and fill it once."""
    path = sys.argv[1] if len(sys.argv) > 1 else "etc/reply.yaml"
    config = load_config(Config, path, package="reply_rpc")
    async with ServiceContext(replace(config, mode="dev")) as svc:
        if (await svc.comment.list_by_id(limit=1)).rows:
            print("reply: there are rows already")
        else:
            await fill(svc)
            print("reply: filled")


if __name__ == "__main__":
    asyncio.run(main())
