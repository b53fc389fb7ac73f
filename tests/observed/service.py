"""A BFF and an RPC service with everything that is measured: routes, calls both ways, SQL, a cache.

`python -m tests.observed.service bff -f FILE` runs the one, `rpc` the other.
"""

import asyncio
import contextlib
import sys
from typing import Any

from msgspec import field

from mallgen_runtime import App, Context, Response, RestConf, Route, ServiceBase
from mallgen_runtime.cache import Cache, CacheConf, CacheRedisConf
from mallgen_runtime.http.serve import serve
from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc import RpcApp, RpcClientConf, RpcServerConf, Service, Unary, connect
from mallgen_runtime.rpc.serve import serve_rpc
from mallgen_runtime.sql import Database, DataSourceConf

ASK, DEEP = "/demo.Demo/Ask", "/demo.Demo/Deep"


class Text:
    """A message with the methods of protobuf's that the runtime uses."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        """Return the text."""
        return self.data

    @staticmethod
    def FromString(data: bytes) -> "Text":  # noqa: N802 - protobuf's name
        """Return a message."""
        return Text(data)


class BffConfig(RestConf, kw_only=True):
    """The settings of the BFF."""

    demo_rpc: RpcClientConf = field(default_factory=RpcClientConf)


class Bff(ServiceBase[BffConfig]):
    """The context of the BFF."""

    def __init__(self, config: BffConfig) -> None:
        super().__init__(config)
        self.demo = self.keep(connect(config.demo_rpc, "demo.rpc"))


async def _item(ctx: Context, svc: Bff) -> Response:
    ctx.log.info("an item is asked for")
    found = await svc.demo.unary(ASK, Text(ctx.params["id"].encode()), Text)
    return Response(found.data)


async def _fail(ctx: Context, svc: Bff) -> Response:
    raise ValueError("on purpose")


async def _slow(ctx: Context, svc: Bff) -> Response:
    with contextlib.suppress(ImportError):  # as code of the user's own, which may have OpenTelemetry or not
        from opentelemetry import trace

        with trace.get_tracer("own").start_as_current_span("nap"):
            await asyncio.sleep(0.3)
    return Response(b"slept")


async def _held(ctx: Context, svc: Bff) -> Response:
    await asyncio.sleep(60)
    return Response(b"held")


def bff(config: BffConfig) -> App[Bff]:
    """Return the BFF."""
    routes = [Route("GET", "/items/:id", _item), Route("GET", "/fail", _fail), Route("GET", "/slow", _slow)]
    routes.append(Route("GET", "/held", _held))
    return App(config, Bff(config), routes)


class DemoConfig(RpcServerConf, kw_only=True):
    """The settings of the RPC service."""

    data_source: DataSourceConf = field(default_factory=lambda: DataSourceConf(url="sqlite:///:memory:"))
    cache_redis: list[CacheRedisConf] = field(default_factory=list)
    other_rpc: RpcClientConf = field(default_factory=RpcClientConf)


class Demo(ServiceBase[DemoConfig]):
    """The context of the RPC service."""

    def __init__(self, config: DemoConfig) -> None:
        super().__init__(config)
        self.db = self.keep(Database(config.data_source))
        self.cache = self.keep(Cache(config.cache_redis, CacheConf(), "demo"))
        self.tally = self.cache.tally("item")
        self.other = self.keep(connect(config.other_rpc, "demo.rpc"))


async def _ask(ctx: Any, svc: Demo, request: Text) -> Text:
    if request.data == b"0":
        raise RpcError(Code.NOT_FOUND, "there is no 0")
    ctx.log.info("a call is served")
    if request.data == b"sql":
        await svc.db.fetch("SELECT nothing")
    found = await svc.cache.store.get(f"item {request.data.decode()}")
    if found is None:
        svc.tally.miss(1)
        ((number,),) = await svc.db.fetch("SELECT ? + 1", (int(request.data),))
        found = str(number).encode()
        await svc.cache.store.put(f"item {request.data.decode()}", found, 5)
    else:
        svc.tally.hit(1)
    await svc.other.unary(DEEP, request, Text)
    return Text(found)


async def _deep(ctx: Any, svc: Demo, request: Text) -> Text:
    return request


def rpc(config: DemoConfig) -> RpcApp[Demo]:
    """Return the RPC service."""
    return RpcApp(
        config, Demo(config), [Service("demo.Demo", (Unary(ASK, _ask, Text, Text), Unary(DEEP, _deep, Text, Text)))]
    )


if __name__ == "__main__":
    if sys.argv.pop(1) == "bff":
        serve(bff, BffConfig, "etc/bff.yaml", package="tests.observed.service")
    else:
        serve_rpc(rpc, DemoConfig, "etc/rpc.yaml", package="tests.observed.service")
