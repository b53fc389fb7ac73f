"""Orders that are not paid in time; order.rpc and product.rpc are classes of this file."""

import asyncio
import time

from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import LocalQueue

from order_queue_rmq.app import create_app
from order_queue_rmq.config import Config
from order_queue_rmq.pb.order_queue_pb2 import PlacedOrder
from order_queue_rmq.rpc.order import CloseRequest, CloseResponse, OrderClient
from order_queue_rmq.rpc.product import (
    ProductClient,
    ReleaseRequest,
    ReleaseResponse,
)
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
