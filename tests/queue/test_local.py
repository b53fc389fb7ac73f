"""LocalQueue, with which users test their queue services."""

import asyncio
from typing import Any

import pytest

from mallgen_runtime.queue import MessageContext, ProducerConf, produce
from mallgen_runtime.testing import LocalQueue
from tests.queue.kit import Logic, app_of
from tests.queue.messages import OrderRequest, address


def kept_by(got: list[Any]) -> Logic:
    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append(message)
        if getattr(message, "number", 0) == 13:
            raise ValueError("no luck")

    return logic


def test_sent_messages_are_worked_on() -> None:
    got: list[Any] = []

    async def main() -> None:
        async with LocalQueue(app_of({"seckill.order": kept_by(got)}, {"retries": 1})) as queue:
            assert queue.state == "ok"
            for number in (1, 13, 2):
                await queue.send("seckill.order", OrderRequest(number=number))
            await queue.settled()
            (letter,) = await queue.dead_letters("seckill.order")
            assert dict(letter.headers)["x-dlq-cause"] == b"ValueError"

    asyncio.run(main())
    assert sorted(one.number for one in got) == [1, 2, 13, 13]


def test_deliver_runs_the_logic_and_raises_its_error() -> None:
    got: list[Any] = []

    async def main() -> None:
        async with LocalQueue(app_of({"seckill.order": kept_by(got)}, {})) as queue:
            await queue.deliver("seckill.order", OrderRequest(number=5))
            with pytest.raises(ValueError, match="no luck"):
                await queue.deliver("seckill.order", OrderRequest(number=13))
            with pytest.raises(ValueError, match=r"there are seckill\.order"):
                await queue.deliver("seckill.other", OrderRequest())

    asyncio.run(main())
    assert [one.number for one in got] == [5, 13]


def test_a_batch_is_delivered_as_a_list() -> None:
    got: list[Any] = []

    async def main() -> None:
        app = app_of({"seckill.order": kept_by(got)}, {"batch_time": 50}, batch=True)
        async with LocalQueue(app) as queue:
            await queue.deliver("seckill.order", [OrderRequest(number=1), OrderRequest(number=2)])
            for number in (3, 4, 5):
                await queue.send("seckill.order", OrderRequest(number=number), key="a")
            await queue.settled()

    asyncio.run(main())
    assert [[one.number for one in batch] for batch in got] == [[1, 2], [3, 4, 5]]


def test_the_services_own_producers_send_to_it() -> None:
    async def main() -> None:
        app = app_of({"seckill.order": kept_by([])}, {})
        sender = app.svc.keep(produce(ProducerConf(brokers=["nowhere:9"], topics={"a": "b"}), "other"))
        async with LocalQueue(app) as queue:
            await sender.send(address("a"), OrderRequest(number=9, product_id="k"))
            (record,) = await queue.sent("b")
            assert record.key == b"k"

    asyncio.run(main())
