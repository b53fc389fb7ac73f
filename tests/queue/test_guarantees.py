"""The guarantees of delivery, the same on every queue."""

import asyncio
from typing import Any

from mallgen_runtime.queue import MessageContext
from tests.queue.conftest import Settings
from tests.queue.kit import Service, send, until


def test_a_message_arrives_with_its_key_and_ids(queue: Settings, topic: str) -> None:
    got: list[tuple[MessageContext, Any]] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append((ctx, message))

    async def main() -> None:
        async with Service({topic: logic}, queue):
            await send(queue, topic, [7], lambda one: "a1")
            await until(lambda: got)

    asyncio.run(main())
    ((ctx, message),) = got
    assert (message.number, message.product_id) == (7, "a1")
    assert (ctx.topic, ctx.key, ctx.attempt, ctx.schema) == (topic, "a1", 1, "seckill.OrderRequest")
    assert len(ctx.message_id) == 36
