"""Products that were changed; product.rpc is a class of this file."""

import asyncio

import pytest
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.testing import LocalQueue, made_up_secrets

from product_queue_rmq.app import create_app
from product_queue_rmq.pb.product_queue_pb2 import ProductChanged
from product_queue_rmq.rpc.product import (
    ProductClient,
    RefreshRequest,
    RefreshResponse,
)

TOPIC = "product_queue.changed"


class Products(ProductClient):
    """Keeps what it is told, and is down for product 9."""

    def __init__(self) -> None:
        self.refreshed: list[int] = []

    async def refresh(
        self, req: RefreshRequest, *, timeout: float | None = None
    ) -> RefreshResponse:
        if req.product_id == 9:
            raise RpcError(Code.UNAVAILABLE, "down")
        self.refreshed.append(req.product_id)
        return RefreshResponse()


def test_product_rpc_is_told_of_a_change() -> None:
    async def talk() -> None:
        with made_up_secrets():
            app = create_app()
        products = app.svc.product_rpc = Products()
        async with LocalQueue(app) as queue:
            await queue.deliver(TOPIC, ProductChanged(product_id=5))
            with pytest.raises(RpcError):  # so that the queue delivers it again
                await queue.deliver(TOPIC, ProductChanged(product_id=9))
        assert products.refreshed == [5]

    asyncio.run(talk())
