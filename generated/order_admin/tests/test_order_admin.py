# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""order_admin as a whole, without a socket; your tests go on from here."""

import asyncio

from mallgen_runtime.testing import Client, made_up_secrets

from order_admin.app import create_app


def test_the_service_starts() -> None:
    async def talk() -> None:
        with made_up_secrets():
            app = create_app()
        async with Client(app) as client:
            answer = await client.get("/healthz")
            assert answer.status == 200

    asyncio.run(talk())
