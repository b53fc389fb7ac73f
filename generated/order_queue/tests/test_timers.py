"""Orders that are not paid in time; order.rpc and product.rpc are classes of this file."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import LocalQueue

from order_queue_rmq import timers
from order_queue_rmq.app import create_app
from order_queue_rmq.config import Config
from order_queue_rmq.pb.order_queue_pb2 import PlacedOrder
from order_queue_rmq.rpc.order import CloseRequest, CloseResponse, OrderClient
from order_queue_rmq.rpc.product import (
    ProductClient,
    ReleaseRequest,
    ReleaseResponse,
)
from order_queue_rmq.rpc.seckill import ExpireRequest, ExpireResponse, SeckillClient
from order_queue_rmq.timers import Timers


class Orders(OrderClient):
    """The order `paid` is paid, `down` is asked for while the service is down."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    async def close(
        self, req: CloseRequest, *, timeout: float | None = None
    ) -> CloseResponse:
        if req.request_id == "down":
            raise RpcError(Code.UNAVAILABLE, "down")
        self.closed.append(req.request_id)
        return CloseResponse(is_paid=req.request_id == "paid")


class Products(ProductClient):
    """Keeps what is given back."""

    def __init__(self) -> None:
        self.released: list[str] = []

    async def release(
        self, req: ReleaseRequest, *, timeout: float | None = None
    ) -> ReleaseResponse:
        self.released.append(req.request_id)
        return ReleaseResponse(released=True)


class Sale(SeckillClient):
    """Fails once, and keeps what it is told."""

    def __init__(self) -> None:
        self.expired: list[ExpireRequest] = []

    async def expire(
        self, req: ExpireRequest, *, timeout: float | None = None
    ) -> ExpireResponse:
        self.expired.append(req)
        if len(self.expired) == 1:
            raise RpcError(Code.UNAVAILABLE, "down")
        return ExpireResponse()


def test_an_item_of_the_sale_goes_back_to_the_sale_once_its_order_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        config = Config(name="order_queue.rmq", mode="test", data_source=source)
        app = create_app(config)
        orders = app.svc.order_rpc = Orders()
        products = app.svc.product_rpc = Products()
        sale = app.svc.seckill_rpc = Sale()
        over = int(time.time()) - config.pay_timeout
        async with LocalQueue(app) as queue:
            for request, user in (("late", 7), ("paid", 8)):
                message = PlacedOrder(
                    request_id=request, place_time=over, user_id=user, product_id=1
                )
                await queue.deliver("order_queue.placed", message)
            monkeypatch.setattr(timers, "AGAIN", timedelta())
            for _ in range(3):
                await Timers(app.svc).close_due()
            left = (await app.svc.timer.list_by_due()).rows
        assert sale.expired == [ExpireRequest(user_id=7, product_id=1)] * 2
        assert sorted(orders.closed) == ["late", "late", "paid"]
        assert (products.released, left) == ([], [])

    asyncio.run(talk())


def test_what_is_not_paid_in_time_is_closed_and_its_stock_given_back() -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        config = Config(
            name="order_queue.rmq", mode="test", data_source=source, pay_timeout=60
        )
        app = create_app(config)
        orders = app.svc.order_rpc = Orders()
        products = app.svc.product_rpc = Products()
        now = int(time.time())
        async with LocalQueue(app) as queue:
            for request, age in (
                ("down", 90),
                ("late", 70),
                ("paid", 65),
                ("new", 50),
                ("late", 0),
            ):
                message = PlacedOrder(request_id=request, place_time=now - age)
                await queue.deliver("order_queue.placed", message)
            for _ in range(2):
                await Timers(app.svc).close_due()
            left = (await app.svc.timer.list_by_due(descending=False)).rows
        assert sorted(orders.closed) == ["late", "paid"]
        assert products.released == ["late"]
        assert [row.requestid for row in left] == ["new", "down"]

    asyncio.run(talk())


class Slow(Orders):
    """Takes a moment for each order, notes how many were asked for at once, and knows nothing of `odd`."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way: set[str] = set()
        self.most = 0

    async def close(
        self, req: CloseRequest, *, timeout: float | None = None
    ) -> CloseResponse:
        if req.request_id == "odd":
            raise KeyError("odd")
        self.under_way.add(req.request_id)
        self.most = max(self.most, len(self.under_way))
        await asyncio.sleep(0.001)
        self.under_way.discard(req.request_id)
        return await super().close(req)


def test_many_are_closed_a_few_at_once_and_without_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timers, "PAUSE", 3600)

    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(
            Config(name="order_queue.rmq", mode="test", data_source=source)
        )
        orders = app.svc.order_rpc = Slow()
        products = app.svc.product_rpc = Products()
        async with LocalQueue(app):
            for request in ("odd", *map(str, range(250))):
                await app.svc.timer.insert(requestid=request, due=datetime.now(UTC))
            running = asyncio.create_task(Timers(app.svc).run())
            async with asyncio.timeout(60):
                while len((await app.svc.timer.list_by_due()).rows) > 1:
                    await asyncio.sleep(0.01)
            running.cancel()
            (left,) = (await app.svc.timer.list_by_due()).rows
        assert len(orders.closed) == len(products.released) == 250
        assert 1 < orders.most <= timers.AT_ONCE
        assert left.requestid == "odd"
        assert left.due > datetime.now(UTC)

    asyncio.run(talk())


def test_what_goes_wrong_does_not_end_the_timers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timers, "PAUSE", 0.001)

    class Odd(Timers):
        passes = 0

        async def close_due(self) -> int:
            self.passes += 1
            raise KeyError("odd")

    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(
            Config(name="order_queue.rmq", mode="test", data_source=source)
        )
        odd = Odd(app.svc)
        running = asyncio.create_task(odd.run())
        async with asyncio.timeout(60):
            while odd.passes < 3 and not running.done():
                await asyncio.sleep(0.001)
        assert not running.done()
        running.cancel()

    asyncio.run(talk())
