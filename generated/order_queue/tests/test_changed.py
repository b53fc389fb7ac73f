"""Orders that were changed; order.rpc is a class of this file."""

import asyncio

import pytest
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import LocalQueue

from order_queue_rmq.app import create_app
from order_queue_rmq.config import Config
from order_queue_rmq.pb.order_queue_pb2 import OrderChanged
from order_queue_rmq.rpc.order import OrderClient, RefreshRequest, RefreshResponse

TOPIC = "order_queue.changed"


class Orders(OrderClient):
    """Keeps what it is told, and is down for order 9."""

    def __init__(self) -> None:
        self.refreshed: list[str] = []

    async def refresh(
        self, req: RefreshRequest, *, timeout: float | None = None
    ) -> RefreshResponse:
        if req.order_id == "9":
            raise RpcError(Code.UNAVAILABLE, "down")
        self.refreshed.append(req.order_id)
        return RefreshResponse()


def test_order_rpc_is_told_of_a_change() -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        config = Config(name="order_queue.rmq", mode="test", data_source=source)
        app = create_app(config)
        orders = app.svc.order_rpc = Orders()
        async with LocalQueue(app) as queue:
            await queue.deliver(TOPIC, OrderChanged(order_id="5"))
            with pytest.raises(RpcError):  # so that the queue delivers it again
                await queue.deliver(TOPIC, OrderChanged(order_id="9"))
        assert orders.refreshed == ["5"]

    asyncio.run(talk())
