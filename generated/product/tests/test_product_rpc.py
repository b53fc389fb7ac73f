"""product as a whole, without a socket; your tests go on from here."""

import asyncio

from mallgen_runtime.testing import Local, settings

from product_rpc.app import create_app
from product_rpc.config import Config


def test_the_service_starts() -> None:
    async def talk() -> None:
        config = settings(Config, "etc/product.yaml", package="product_rpc")
        async with Local(create_app(config)) as channel:
            assert channel.state == "ok"

    asyncio.run(talk())
