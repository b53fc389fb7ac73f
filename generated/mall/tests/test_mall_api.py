"""mall-api as a whole, without a socket; your tests go on from here."""

import asyncio

from mallgen_runtime.testing import Client, settings

from mall_api.app import create_app
from mall_api.config import Config


def test_the_service_starts() -> None:
    async def talk() -> None:
        config = settings(Config, "etc/mall-api.yaml", package="mall_api")
        async with Client(create_app(config)) as client:
            answer = await client.get("/healthz")
            assert answer.status == 200

    asyncio.run(talk())
