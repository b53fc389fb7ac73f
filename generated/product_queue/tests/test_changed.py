"""Products that were changed; product.rpc is a class of this file."""

import asyncio

import pytest
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.testing import LocalQueue, made_up_secrets

from product_queue_rmq.app import create_app
from product_queue_rmq.pb.product_queue_pb2 import (
    ChangedBanner,
    ChangedCategory,
    ProductChanged,
)
from product_queue_rmq.rpc.product import (
    ProductClient,
    RefreshRequest,
    RefreshResponse,
)

TOPIC = "product_queue.changed"


class Products(ProductClient):
    """Keeps what it is told, and is down for product 9."""

    def __init__(self) -> None:
        self.refreshed: list[tuple[int, int, int]] = []

    async def refresh(
        self, req: RefreshRequest, *, timeout: float | None = None
    ) -> RefreshResponse:
        if req.product_id == 9:
            raise RpcError(Code.UNAVAILABLE, "down")
        self.refreshed.append((req.product_id, req.category_id, req.banner_id))
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
            category, banner = ChangedCategory(category_id=6), ChangedBanner(banner_id=7)
            await queue.deliver("product_queue.category-changed", category)
            await queue.deliver("product_queue.banner-changed", banner)
        assert products.refreshed == [(5, 0, 0), (0, 6, 0), (0, 0, 7)]

    asyncio.run(talk())
