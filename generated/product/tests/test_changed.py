"""Rows that another program changes, on a database in memory with a cache."""

import asyncio
from decimal import Decimal

import pytest
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from product_rpc.app import create_app
from product_rpc.client import (
    ChangedRequest,
    ProductClient,
    ProductRequest,
    RecommendedRequest,
)
from product_rpc.config import Config


def test_the_cache_follows_what_another_program_writes() -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(Config(name="product.rpc", mode="test", data_source=source))
        async with Local(app) as channel:
            client = ProductClient(channel)
            await app.svc.category.insert(id=1, name="a")
            for number in (1, 2):
                await app.svc.product.insert(
                    id=number, cateid=1, name="a", price=Decimal("9.90"), status=1
                )

            async def price() -> str:
                answer = await client.products(ProductRequest(ids=[1]))
                return answer.products[1].price

            async def listed() -> set[int]:
                answer = await client.recommended(RecommendedRequest(ps=10))
                return {item.product_id for item in answer.products}

            assert (await price(), await listed()) == ("9.90", {1, 2})
            async with app.svc.db.transaction() as tx:
                await tx.execute("UPDATE product SET price = '1.23' WHERE id = 1")
                await tx.execute("UPDATE product SET status = 2 WHERE id = 2")
            assert (await price(), await listed()) == ("9.90", {1, 2})
            await client.changed(ChangedRequest(product_ids=[1, 2]))
            assert (await price(), await listed()) == ("1.23", {1})
            with pytest.raises(RpcError) as found:
                await client.changed(ChangedRequest(product_ids=range(201)))
            assert found.value.code is Code.INVALID_ARGUMENT

    asyncio.run(talk())
