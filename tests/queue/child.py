"""A queue service as a process: writes a line into a ledger for each message, before its logic returns."""

import asyncio
import os
import time
from typing import Any

from mallgen_runtime.process.service import ServiceBase
from mallgen_runtime.queue import MessageContext, QueueApp, QueueServerConf, Topic, TopicConf, serve_queue
from mallgen_runtime.schema import field
from tests.queue.messages import OrderRequest

TOPIC = "seckill.order"


class Config(QueueServerConf, kw_only=True):
    """Settings: where the ledger is, and how long the logic takes in milliseconds."""

    ledger: str
    takes: int = 0
    blocks: int = 0
    order_requested: TopicConf = field(default_factory=TopicConf)


class Context(ServiceBase[Config]):
    """Has the ledger, which many processes write."""

    async def start(self) -> None:
        """Open it."""
        self.ledger = os.open(self.config.ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


async def order_requested(ctx: MessageContext, svc: Context, message: Any) -> None:
    """Take the time that the settings say, then write."""
    if svc.config.takes:
        await asyncio.sleep(svc.config.takes / 1000)
    if svc.config.blocks and message.number == 0:
        print("blocks", flush=True)
        time.sleep(svc.config.blocks / 1000)
    os.write(svc.ledger, f"{os.getpid()} {message.number} {ctx.key}\n".encode())


def create_app(config: Config) -> QueueApp[Context]:
    """Return the service."""
    topic = Topic[Context](TOPIC, order_requested, OrderRequest, key="product_id", setting="order_requested")
    return QueueApp(config, Context(config), (topic,))


if __name__ == "__main__":
    serve_queue(create_app, Config, "none.yaml", package="tests.queue")
