"""Rows that somebody else has written, past product.rpc and its cache."""

import asyncio

from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from product_rpc.app import create_app
from product_rpc.client import (
    BannersRequest,
    ProductClient,
    ProductRequest,
    RecommendedRequest,
    RefreshRequest,
)
from product_rpc.config import Config
from product_rpc.seed import fill


def test_rows_and_lists_follow() -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(Config(name="product.rpc", mode="test", data_source=source))
        async with Local(app) as channel:
            client = ProductClient(channel)

            async def status() -> int:
                reply = await client.products(ProductRequest(ids=[60]))
                return reply.products[60].status

            async def recommended() -> list[int]:
                page = await client.recommended(RecommendedRequest(ps=2))
                return [one.product_id for one in page.products]

            await fill(app.svc)
            assert (await status(), await recommended()) == (1, [60, 59])
            await app.svc.db.execute("UPDATE product SET status = 2 WHERE id = 60")
            assert (await status(), await recommended()) == (1, [60, 59]), "cached"
            await client.refresh(RefreshRequest(product_id=60))
            assert (await status(), await recommended()) == (2, [59, 58])

    asyncio.run(talk())


def test_categories_and_banners_follow() -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(Config(name="product.rpc", mode="test", data_source=source))
        async with Local(app) as channel:
            client = ProductClient(channel)

            async def names() -> tuple[str, str]:
                reply = await client.products(ProductRequest(ids=[1]))
                (banner,) = (await client.banners(BannersRequest())).banners
                return reply.products[1].category, banner.name

            await fill(app.svc)
            assert await names() == ("家居", "618")
            await app.svc.db.execute("UPDATE category SET name = 'a' WHERE id = 2")
            await app.svc.db.execute("UPDATE banner SET name = 'b' WHERE id = 1")
            assert (await names())[0] == "家居", "cached"
            await client.refresh(RefreshRequest(category_id=2, banner_id=1))
            assert await names() == ("a", "b")

    asyncio.run(talk())
