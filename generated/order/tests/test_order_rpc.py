"""order as a whole, without a socket; your tests go on from here."""

import asyncio

from mallgen_runtime.testing import Local, settings

from order_rpc.app import create_app
from order_rpc.config import Config


def test_the_service_starts() -> None:
    async def talk() -> None:
        config = settings(Config, "etc/order.yaml", package="order_rpc")
        async with Local(create_app(config)) as channel:
            assert channel.state == "ok"

    asyncio.run(talk())
