"""Quantities in a cart on a database in memory."""

import asyncio

import pytest
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from cart_rpc.app import create_app
from cart_rpc.client import (
    AddItemRequest,
    CartClient,
    CartItemsRequest,
    SetQuantityRequest,
)
from cart_rpc.config import Config


@pytest.mark.parametrize(
    ("product", "quantity", "code"),
    [
        (1, 5, Code.OK),
        (1, 2, Code.OK),
        (2, 5, Code.NOT_FOUND),
        (1, 0, Code.INVALID_ARGUMENT),
    ],
)
def test_set_quantity(product: int, quantity: int, code: Code) -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(Config(name="cart.rpc", mode="test", data_source=source))
        async with Local(app) as channel:
            client, ended = CartClient(channel), Code.OK
            await client.add_item(AddItemRequest(user_id=7, product_id=1, quantity=2))
            try:
                await client.set_quantity(
                    SetQuantityRequest(user_id=7, product_id=product, quantity=quantity)
                )
            except RpcError as problem:
                ended = problem.code
            (item,) = (await client.cart_items(CartItemsRequest(user_id=7))).items
        assert (ended, item.quantity) == (code, quantity if code == Code.OK else 2)

    asyncio.run(talk())
