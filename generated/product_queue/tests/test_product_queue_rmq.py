"""product_queue as a whole, without a socket; your tests go on from here."""

import asyncio

from mallgen_runtime.testing import LocalQueue, made_up_secrets

from product_queue_rmq.app import create_app


def test_the_service_starts() -> None:
    async def talk() -> None:
        with made_up_secrets():
            app = create_app()
        async with LocalQueue(app) as queue:
            assert queue.state == "ok"

    asyncio.run(talk())
