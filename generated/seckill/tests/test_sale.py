"""A small sale, without a socket."""

import asyncio
from collections import Counter
from decimal import Decimal
from pathlib import Path

from mallgen_runtime.queue import ProducerConf
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from seckill_rpc.app import create_app
from seckill_rpc.client import (
    BuyRequest,
    BuyResponse,
    CancelRequest,
    ExpireRequest,
    ResultRequest,
    ResultResponse,
    SeckillClient,
    SettleRequest,
)
from seckill_rpc.config import Config


def test_a_gate_that_lets_too_many_through_closes(tmp_path: Path) -> None:
    config = Config(
        name="seckill.rpc",
        mode="test",
        data_source=DataSourceConf(url="sqlite://:memory:"),
        seckill_queue=ProducerConf(file=str(tmp_path / "queue.db")),
    )

    async def sale() -> None:
        app = create_app(config)
        async with Local(app) as channel:
            client, gate = SeckillClient(channel), app.svc.gate
            await app.svc.stock.insert(proid=7, price=Decimal(1), total=3, remaining=0)
            await gate.fill(7, count=2)
            for user in range(3):
                answer = await client.buy(BuyRequest(user_id=user, product_id=7))
                assert answer.state == BuyResponse.SOLD_OUT
            assert await gate.take(7) is False

    asyncio.run(sale())


def test_three_of_ten_buyers_get_one(tmp_path: Path) -> None:
    config = Config(
        name="seckill.rpc",
        mode="test",
        data_source=DataSourceConf(url="sqlite://:memory:"),
        seckill_queue=ProducerConf(file=str(tmp_path / "queue.db")),
    )

    async def sale() -> None:
        app = create_app(config)
        async with Local(app) as channel:
            client = SeckillClient(channel)
            await app.svc.stock.insert(proid=7, price=Decimal(1), total=3, remaining=3)
            clicks = [BuyRequest(user_id=user, product_id=7) for user in range(10)]
            answers = await asyncio.gather(*map(client.buy, clicks))
            found = Counter(answer.state for answer in answers)
            assert found == {BuyResponse.ACCEPTED: 3, BuyResponse.SOLD_OUT: 7}
            first, second, third = (
                click.user_id
                for click, answer in zip(clicks, answers, strict=True)
                if answer.state == BuyResponse.ACCEPTED
            )
            again = await client.buy(BuyRequest(user_id=first, product_id=7))
            assert again.state == BuyResponse.ALREADY
            await client.settle(SettleRequest(user_id=first, product_id=7, order_id="A"))
            await client.cancel(CancelRequest(user_id=second, product_id=7))
            for user in (second, third, third):
                await client.expire(ExpireRequest(user_id=user, product_id=7))
            row = await app.svc.stock.find_one(7)
            assert row is not None and row.remaining == 2
            for user, state, order in (
                (first, ResultResponse.BOUGHT, "A"),
                (second, ResultResponse.REFUSED, ""),
                (third, ResultResponse.CLOSED, ""),
                (77, ResultResponse.NOT_ASKED, ""),
            ):
                result = await client.result(ResultRequest(user_id=user, product_id=7))
                assert (result.state, result.order_id) == (state, order)

    asyncio.run(sale())
