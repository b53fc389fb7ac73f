"""A service whose routes take a known time: `python -m tests.load.service -f FILE`.

`/block` holds the event loop for 5 ms, `/pool` waits for one of two places for 5 ms, `/quick` answers at once,
`/pid` with the number of the process.
"""

import asyncio
import os
import time
from typing import Any

from mallgen_runtime import App, Context, Response, Route, ServiceBase
from mallgen_runtime.http.conf import RestConf
from mallgen_runtime.http.serve import serve

SECONDS, PLACES = 0.005, 2


async def _block(ctx: Context, svc: Any) -> Response:
    time.sleep(SECONDS)
    return Response(b"done")


async def _pool(ctx: Context, svc: Any) -> Response:
    async with svc.places:
        await asyncio.sleep(SECONDS)
    return Response(b"done")


async def _quick(ctx: Context, svc: Any) -> Response:
    return Response(b"done")


async def _pid(ctx: Context, svc: Any) -> Response:
    return Response(str(os.getpid()).encode())


class PlacesContext(ServiceBase[RestConf]):
    """The service context: a pool of two places."""

    def __init__(self, config: RestConf) -> None:
        super().__init__(config)
        self.places = asyncio.Semaphore(PLACES)


def create_app(config: RestConf) -> App[PlacesContext]:
    """Make the application."""
    made = {"/block": _block, "/pool": _pool, "/quick": _quick, "/pid": _pid}
    routes: list[Route[Any]] = [Route("GET", path, endpoint) for path, endpoint in made.items()]
    return App(config, PlacesContext(config), routes)


if __name__ == "__main__":
    serve(create_app, RestConf, "etc/load.yaml", package="tests.load")
