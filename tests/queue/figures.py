"""A process that prints the metrics of a queue service that has consumed, failed, sent and relayed: FOLDER."""

import asyncio
import sys
from typing import Any

from mallgen_runtime.process import metrics
from mallgen_runtime.queue import MessageContext
from tests.queue import outboxes
from tests.queue.kit import Service, until
from tests.queue.messages import OrderRequest


async def main(folder: str) -> None:
    """Send through an outbox, consume one message, and let the logic of another one fail."""
    queue, url = {"file": f"{folder}/queue.db"}, f"sqlite:///{folder}/orders.db"
    await outboxes.make_tables(url)
    done: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        if message.number == 2:
            raise ValueError("bad")
        done.append(message.number)

    topic = outboxes.TOPIC
    async with (
        Service({topic: logic}, {**queue, "retries": 1}) as service,
        outboxes.opened(url, queue) as (database, box, orders),
    ):
        for number in (1, 2):
            await outboxes.placed(database, box, orders, number)
        await orders.placed(OrderRequest(number=3, product_id="k"))
        await until(lambda: sorted(done) == [1, 3])
        metrics.shown(service.consumers.readings)
        await until(lambda: b"queue_consumer_lag{" in metrics.text())
        sys.stdout.write(metrics.text().decode())


metrics.enable()
asyncio.run(main(sys.argv[1]))
