"""Messages about changes; product.rpc is a class of this file and keeps what it is told."""

import asyncio

import pytest
from google.protobuf.message import Message
from mallgen_runtime.testing import LocalQueue, made_up_secrets

from product_queue_rmq.app import create_app
from product_queue_rmq.pb.product_queue_pb2 import (
    ChangedBanner,
    ChangedCategory,
    ChangedProduct,
)
from product_queue_rmq.rpc.product import (
    ChangedRequest,
    ChangedResponse,
    ProductClient,
)


class Products(ProductClient):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[ChangedRequest] = []

    async def changed(
        self, req: ChangedRequest, *, timeout: float | None = None
    ) -> ChangedResponse:
        self.told.append(req)
        return ChangedResponse()


@pytest.mark.parametrize(
    ("what", "message", "told"),
    [
        ("product", ChangedProduct(product_id=7), ChangedRequest(product_ids=[7])),
        ("category", ChangedCategory(category_id=7), ChangedRequest(category_ids=[7])),
        ("banner", ChangedBanner(banner_id=7), ChangedRequest(banner_ids=[7])),
    ],
)
def test_product_rpc_is_told(what: str, message: Message, told: ChangedRequest) -> None:
    async def talk() -> None:
        with made_up_secrets():
            app = create_app()
        products = Products()
        app.svc.product_rpc = products
        async with LocalQueue(app) as queue:
            await queue.deliver(f"product_queue.{what}-changed", message)
        assert products.told == [told]

    asyncio.run(talk())
