"""seckill.rpc on SQLite, MariaDB, PostgreSQL and Redis: as many are sold as there are, whatever the gate says."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from mallgen_runtime.rpc import Code
from tests.run.test_shop_tables import Open, codes

pytestmark = pytest.mark.slow


def test_as_many_buyers_get_one_as_there_are_items(opened: Open) -> None:
    async def shop() -> None:
        async with opened("seckill") as seckill:
            pb, client = seckill.pb, seckill.client
            await seckill.svc.stock.insert(proid=7, price=Decimal("9.90"), total=10, remaining=10)
            asks = [pb.BuyRequest(user_id=user, product_id=7) for user in range(150) for _ in range(2)]
            found = [one.state for one in await asyncio.gather(*map(client.buy, asks))]
            assert found.count(pb.BuyResponse.ACCEPTED) == 10
            assert (await seckill.svc.stock.find_one(7)).remaining == 0
            assert await seckill.svc.purchase.count_by_proid(7) == 10
            assert (await client.buy(pb.BuyRequest(user_id=1000, product_id=7))).state == pb.BuyResponse.SOLD_OUT
            assert await codes([client.buy(pb.BuyRequest(user_id=1, product_id=8))]) == [Code.NOT_FOUND]

    asyncio.run(shop())


def test_an_item_that_a_dead_process_took_from_the_gate_is_sold_all_the_same(opened: Open) -> None:
    async def shop() -> None:
        async with opened("seckill") as seckill:
            pb, client = seckill.pb, seckill.client
            await seckill.svc.stock.insert(proid=7, price=Decimal(1), total=2, remaining=2)
            await seckill.svc.gate.fill(7, count=0)
            wanted = pb.BuyResponse
            states = [(await client.buy(pb.BuyRequest(user_id=user, product_id=7))).state for user in (1, 1, 2, 3)]
            assert states == [wanted.ACCEPTED, wanted.ALREADY, wanted.ACCEPTED, wanted.SOLD_OUT]

    asyncio.run(shop())


def test_a_gate_that_is_lost_or_wrong_is_filled_from_the_database(opened: Open) -> None:
    async def shop() -> None:
        async with opened("seckill") as seckill:
            pb, svc = seckill.pb, seckill.svc

            async def bought(user: int) -> Any:
                return (await seckill.client.buy(pb.BuyRequest(user_id=user, product_id=7))).state

            await svc.stock.insert(proid=7, price=Decimal(1), total=4, remaining=4)
            assert await bought(1) == pb.BuyResponse.ACCEPTED
            await svc.cache.store.drop(f"{svc.cache.prefix}:")
            assert await svc.gate.take(7) is None, "it is lost"
            assert await bought(2) == pb.BuyResponse.ACCEPTED
            assert await svc.gate.take(7), "and filled again"
            await svc.gate.fill(7, count=0)
            await svc.start()
            assert [await svc.gate.take(7) for _ in range(3)] == [True, True, False], "as much as there is"
            assert [await bought(user) for user in (3, 4)] == [pb.BuyResponse.ACCEPTED] * 2
            assert await bought(5) == pb.BuyResponse.SOLD_OUT

    asyncio.run(shop())


def test_an_item_of_an_order_that_is_closed_unpaid_goes_back_once(opened: Open) -> None:
    async def shop() -> None:
        async with opened("seckill") as seckill:
            pb, svc, client = seckill.pb, seckill.svc, seckill.client
            wanted, ended = pb.BuyResponse, pb.ResultResponse

            async def bought(user: int) -> Any:
                return (await client.buy(pb.BuyRequest(user_id=user, product_id=7))).state

            await svc.stock.insert(proid=7, price=Decimal(1), total=3, remaining=3)
            assert [await bought(user) for user in (1, 2, 3, 4)] == [wanted.ACCEPTED] * 3 + [wanted.SOLD_OUT]
            await client.settle(pb.SettleRequest(user_id=1, product_id=7, order_id="A1"))
            await client.cancel(pb.CancelRequest(user_id=3, product_id=7))
            expiring = [pb.ExpireRequest(user_id=user, product_id=7) for user in (1, 2, 3, 9) for _ in range(4)]
            await asyncio.gather(*map(client.expire, expiring))
            assert (await svc.stock.find_one(7)).remaining == 3
            assert [await svc.gate.take(7) for _ in range(4)] == [True, True, True, False]
            await svc.gate.fill(7, count=3)
            late = [client.settle(pb.SettleRequest(user_id=2, product_id=7, order_id="A2"))]
            await asyncio.gather(*late, client.cancel(pb.CancelRequest(user_id=1, product_id=7)))
            found = [await client.result(pb.ResultRequest(user_id=user, product_id=7)) for user in (1, 2, 3)]
            ends = [(ended.CLOSED, "A1"), (ended.CLOSED, ""), (ended.REFUSED, "")]
            assert [(one.state, one.order_id) for one in found] == ends
            assert [await bought(user) for user in (1, 4, 5, 6, 7)] == [
                wanted.ALREADY,
                *[wanted.ACCEPTED] * 3,
                wanted.SOLD_OUT,
            ]
            assert await bought(2) == wanted.ALREADY, "one for each user, also where it was let lapse"

    asyncio.run(shop())


def test_a_cancelled_purchase_gives_its_item_back_once(opened: Open) -> None:
    async def shop() -> None:
        async with opened("seckill") as seckill:
            pb, client = seckill.pb, seckill.client
            await seckill.svc.stock.insert(proid=7, price=Decimal(1), total=2, remaining=2)
            for user in (1, 2):
                await client.buy(pb.BuyRequest(user_id=user, product_id=7))
            cancel = pb.CancelRequest(user_id=1, product_id=7)
            await asyncio.gather(*(client.cancel(cancel) for _ in range(5)))
            assert (await seckill.svc.stock.find_one(7)).remaining == 1
            await client.settle(pb.SettleRequest(user_id=2, product_id=7, order_id="A2"))
            await client.cancel(pb.CancelRequest(user_id=2, product_id=7))
            await client.settle(pb.SettleRequest(user_id=1, product_id=7, order_id="A1"))
            found = [await client.result(pb.ResultRequest(user_id=user, product_id=7)) for user in (1, 2, 3)]
            ends = [
                (pb.ResultResponse.REFUSED, ""),
                (pb.ResultResponse.BOUGHT, "A2"),
                (pb.ResultResponse.NOT_ASKED, ""),
            ]
            assert [(one.state, one.order_id) for one in found] == ends
            assert (await client.buy(pb.BuyRequest(user_id=3, product_id=7))).state == pb.BuyResponse.ACCEPTED
            assert (await client.result(pb.ResultRequest(user_id=4, product_id=7))).state == pb.ResultResponse.SOLD_OUT

    asyncio.run(shop())
