"""One service on each transport: the settings choose it, and a caller sees no difference."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.rpc import Code, RpcClientConf, RpcError, RpcServerConf, connect
from mallgen_runtime.rpc.grpcio import GrpcConnection
from mallgen_runtime.rpc.h2.server import H2Server
from mallgen_runtime.rpc.transport import OwnConnection, connection_to, server_for
from tests.run.discovering import run, until
from tests.run.shop import RpcService, Shop

pytestmark = pytest.mark.slow

LOGIC = """
        if req.product_ids == "sleep":
            import asyncio

            print("it sleeps", flush=True)
            await asyncio.sleep(30)
        if req.product_ids.startswith("fail"):
            from mallgen_runtime.rpc import Code, RpcError

            raise RpcError(Code(int(req.product_ids[4:])), "自定义")
"""
SETTINGS = "Mode: dev\nTimeout: 1200\nTransport: {}\n"
CHECK = "/grpc.health.v1.Health/"
REFLECT = "/grpc.reflection.{}.ServerReflection/ServerReflectionInfo"
PRODUCT = "/product.Product/Products"


class Running(NamedTuple):
    """The services product.rpc on the transports `http2`, `grpc` and `auto`, by transport."""

    services: dict[str, RpcService]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("transports")
    shop = Shop(root)
    folder = root / "shop" / "product"
    logic = folder / "product_rpc" / "logic" / "products_logic.py"
    head, mark, body = logic.read_text(encoding="utf-8").partition("-> ProductResponse:\n")
    assert mark
    logic.write_text(f"{head}{mark}{LOGIC}{body}", encoding="utf-8")
    sys.path.insert(0, str(folder))
    with ExitStack() as stack:
        found = {name: started(shop, name) for name in ("http2", "grpc", "auto")}
        for service in found.values():
            stack.push(service)
        yield Running(found)


def started(shop: Shop, transport: str) -> RpcService:
    """Start product.rpc, on another port where another process has taken the free one in the meantime."""
    for _ in range(3):
        service = shop.rpc("product", SETTINGS.format(transport))
        try:
            return service.__enter__()
        except AssertionError as problem:
            if "the port is taken" not in str(problem):
                raise
    raise AssertionError("three ports in a row were taken")


each = pytest.mark.parametrize("server", ["http2", "grpc", "auto"])
both = pytest.mark.parametrize("client", ["http2", "grpc"])


def called(service: RpcService, use: Callable[..., Awaitable[Any]], **settings: Any) -> None:
    """Run `use` with a function that calls product.rpc by its generated client."""

    async def work() -> None:
        from product_rpc.client import ProductClient, ProductRequest  # type: ignore[import-not-found]

        channel = connect(RpcClientConf(endpoints=[f"127.0.0.1:{service.port}"], **settings), "product.rpc")
        client = ProductClient(channel)

        async def ask(ids: str, timeout: float | None = None) -> Any:
            return await client.products(ProductRequest(product_ids=ids), timeout=timeout)

        try:
            await use(ask)
        finally:
            await channel.close()

    run(work)


@each
@both
def test_answers_errors_and_limits_are_the_same(running: Running, server: str, client: str) -> None:
    service = running.services[server]

    async def use(ask: Any) -> None:
        assert (await ask("1,2")).products[1].name == "测试商品名称"
        for _ in range(20):  # so that no breaker opens
            await ask("1")
        for code in (Code.NOT_FOUND, Code.INTERNAL, Code.UNAVAILABLE):
            with pytest.raises(RpcError) as problem:
                await ask(f"fail{int(code)}")
            assert (problem.value.code, problem.value.detail) == (code, "自定义")
        started = time.monotonic()
        with pytest.raises(RpcError) as problem:
            await ask("sleep", 5.0)
        assert problem.value.code is Code.DEADLINE_EXCEEDED
        assert 1.1 < time.monotonic() - started < 4

    called(service, use, transport=client)


@each
@both
def test_why_a_call_ended_stands_in_the_log(running: Running, server: str, client: str) -> None:
    service = running.services[server]
    parent = f"4bf92f3577b34da6a3ce929d0e0{len(server):02}{len(client):02}1"

    async def use(ask: Any) -> None:
        for _ in range(20):
            await ask("1")
        origin.set(Origin("by-deadline", parent, time.monotonic() + 0.9))
        with pytest.raises(RpcError):
            await ask("sleep")
        origin.set(Origin("by-caller", parent, None))
        before = service.lines().count("it sleeps")
        task = asyncio.ensure_future(ask("sleep", 5.0))
        await until(lambda: service.lines().count("it sleeps") > before, 10, "the call is there")
        task.cancel()
        await asyncio.wait([task])
        for id_, code in (("by-deadline", "DEADLINE_EXCEEDED"), ("by-caller", "CANCELED")):
            end = time.monotonic() + 15
            while not any(parent in line and id_ in line and code in line for line in service.lines().splitlines()):
                assert time.monotonic() < end, service.lines()
                await asyncio.sleep(0.02)

    called(service, use, transport=client)


def ask_health(service: RpcService, method: str, name: str) -> Any:
    """Return the status that grpc.health.v1 answers, or the code with which it failed."""

    async def work() -> Any:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel:
            check: Any = channel.unary_unary(CHECK + method)
            try:
                data = await check(health_pb2.HealthCheckRequest(service=name).SerializeToString(), timeout=5)
            except grpc.aio.AioRpcError as problem:
                return problem.code()
            return health_pb2.HealthCheckResponse.FromString(data).status

    found: list[Any] = []

    async def keep() -> None:
        found.append(await work())

    run(keep)
    return found[0]


@each
def test_health(running: Running, server: str) -> None:
    service = running.services[server]
    assert [ask_health(service, "Check", name) for name in ("", "product.Product")] == [1, 1]
    assert ask_health(service, "Check", "nobody") is grpc.StatusCode.NOT_FOUND
    if server != "grpc":
        assert ask_health(service, "Watch", "") is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    ("server", "version"), [("http2", "v1alpha"), ("http2", "v1"), ("auto", "v1alpha"), ("grpc", "v1alpha")]
)
def test_reflection(running: Running, server: str, version: str) -> None:
    """In a stream in both directions, each question is answered before the next one is sent."""
    service = running.services[server]

    async def work() -> None:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel:
            info: Any = channel.stream_stream(REFLECT.format(version))
            call = info()
            names: list[str] = []
            for question in ({"list_services": ""}, {"file_containing_symbol": "product.Product"}, {}):
                await call.write(reflection_pb2.ServerReflectionRequest(**question).SerializeToString())  # type: ignore[arg-type]
                reply = reflection_pb2.ServerReflectionResponse.FromString(await call.read())
                names += [item.name for item in reply.list_services_response.service]
                names += [
                    "file" for file in reply.file_descriptor_response.file_descriptor_proto if b"Products" in file
                ]
                names += [str(reply.error_response.error_code)] if reply.HasField("error_response") else []
            await call.done_writing()
            assert await call.read() is grpc.aio.EOF
            assert await call.code() is grpc.StatusCode.OK
            assert names == ["grpc.reflection.v1alpha.ServerReflection", "product.Product", "file", "3"]
            broken = info(iter((b"\xff\xff",)))
            with pytest.raises(grpc.aio.AioRpcError) as problem:
                await broken.read()
            assert problem.value.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)

    run(work)


def service_of(*, streams: bool) -> Any:
    """Return an app with the attributes that `server_for` reads."""
    method = SimpleNamespace(wire="/a.B/C", name="C", takes_stream=streams, gives_stream=False)
    method.request = SimpleNamespace(FromString=bytes)
    bound = SimpleNamespace(limit=None)
    services = [SimpleNamespace(name="a.B", methods=[method])]
    return SimpleNamespace(services=services, bound=lambda method: bound, answer=None)


@pytest.mark.parametrize(
    ("transport", "mode", "streams", "own"),
    [
        ("auto", "pro", False, True),
        ("auto", "dev", False, True),
        ("auto", "pro", True, False),
        ("grpc", "pro", False, False),
        ("http2", "dev", False, True),
    ],
)
def test_which_server(transport: str, mode: str, streams: bool, own: bool) -> None:
    async def work() -> None:
        conf = RpcServerConf(name="x", mode=mode, transport=transport)
        assert isinstance(server_for(conf, service_of(streams=streams)), H2Server) is own

    run(work)


def test_streams_do_not_start_on_http2() -> None:
    with pytest.raises(ConfigError, match=r"/a\.B/C is a stream"):
        server_for(RpcServerConf(name="x", transport="http2"), service_of(streams=True))


@pytest.mark.parametrize(
    ("transport", "target", "own"),
    [
        ("auto", "dns:///127.0.0.1:1", True),
        ("auto", "localhost:1", True),
        ("auto", "ipv4:127.0.0.1:1,127.0.0.1:2", True),
        ("auto", "ipv6:[::1]:1", True),
        ("auto", "unix:/tmp/x", False),
        ("auto", "dns://8.8.8.8/order:80", False),
        ("grpc", "dns:///127.0.0.1:1", False),
        ("http2", "unix:/tmp/x", None),
    ],
)
def test_which_client(transport: str, target: str, own: bool | None) -> None:
    async def work() -> None:
        conf = RpcClientConf(target=target, transport=transport)
        if own is None:
            with pytest.raises(ConfigError, match="does not know the Target"):
                await connection_to((), conf)
            return
        made = await connection_to((), conf)
        assert isinstance(made, OwnConnection if own else GrpcConnection)
        await made.close()

    run(work)


def test_a_word_that_is_no_transport_is_told(tmp_path: Path) -> None:
    from mallgen_runtime.process.conf import parse_config

    with pytest.raises(ConfigError, match=r"x\.yaml:2: Transport must be one of auto, http2, grpc"):
        parse_config(RpcServerConf, "Name: x\nTransport: quic\n", "x.yaml")
