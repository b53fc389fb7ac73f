"""pay as a whole, without a socket; your tests go on from here."""

import asyncio

from mallgen_runtime.testing import Local, made_up_secrets

from pay_rpc.app import create_app


def test_the_service_starts() -> None:
    async def talk() -> None:
        with made_up_secrets():
            app = create_app()
        async with Local(app) as channel:
            assert channel.state == "ok"

    asyncio.run(talk())
