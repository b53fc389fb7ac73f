"""Orders that somebody else has written, past order.rpc and its cache."""

import asyncio

from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from order_rpc.app import create_app
from order_rpc.client import (
    CreateItem,
    CreateRequest,
    GetRequest,
    OrderClient,
    OrdersRequest,
    Receiver,
    RefreshRequest,
)
from order_rpc.config import Config
from order_rpc.status import Status

WANTED = CreateRequest(
    request_id="7-a",
    user_id=7,
    items=[CreateItem(product_id=1, quantity=2, price="9.90")],
    receiver=Receiver(name="小明", mobile="138", city="杭州", address="西湖 1"),
)


def test_rows_and_lists_follow() -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(Config(name="order.rpc", mode="test", data_source=source))
        async with Local(app) as channel:
            client = OrderClient(channel)
            id = (await client.create(WANTED)).order_id

            async def seen() -> list[int]:
                """Return the status of the order, and how many are listed as unpaid, as cancelled, and at all."""
                numbers = [(await client.get(GetRequest(order_id=id))).status]
                for status in (Status.UNPAID, Status.CANCELLED, 0):
                    asked = OrdersRequest(user_id=7, status=status)
                    numbers.append(len((await client.orders(asked)).orders))
                return numbers

            assert await seen() == [10, 1, 0, 1]
            await app.svc.db.execute("UPDATE orders SET status = 70")
            assert await seen() == [10, 1, 0, 1], "cached"
            for _ in range(2):  # a message may come twice
                await client.refresh(RefreshRequest(order_id=id))
                assert await seen() == [70, 0, 1, 1]
            await client.refresh(RefreshRequest(order_id="nobody's"))

    asyncio.run(talk())


def test_who_receives_an_order_follows() -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(Config(name="order.rpc", mode="test", data_source=source))
        async with Local(app) as channel:
            client = OrderClient(channel)
            id = (await client.create(WANTED)).order_id

            async def city() -> str:
                order = await app.svc.orders.find_one(id)
                assert order is not None
                row = await app.svc.shopping.find_one(order.shoppingid)
                assert row is not None
                return row.receiver_city

            assert await city() == "杭州"
            await app.svc.db.execute("UPDATE shopping SET receiver_city = '绍兴'")
            assert await city() == "杭州", "cached"
            await client.refresh(RefreshRequest(order_id=id))
            assert await city() == "绍兴"

    asyncio.run(talk())
