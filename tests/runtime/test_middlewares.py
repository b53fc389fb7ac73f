"""The `Middlewares` settings: what they switch off is off, for routes with limits of their own in the contract too."""

import asyncio
import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest

from mallgen_runtime import App, Context, Response, Route, ServiceBase
from mallgen_runtime.discovery import shared_folder
from mallgen_runtime.http.conf import MiddlewaresConf, RestConf
from mallgen_runtime.process import metrics as counted
from mallgen_runtime.process.conf import LogConf
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.logs import set_up
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.rpc import (
    Channel,
    Code,
    RpcApp,
    RpcClientConf,
    RpcError,
    RpcServerConf,
    ServerStream,
    Service,
    Unary,
    connect,
)
from mallgen_runtime.rpc.conf import ClientMiddlewaresConf, MethodTimeoutConf, ServerMiddlewaresConf
from mallgen_runtime.rpc.methods import Method
from mallgen_runtime.testing import Answer, Client, rpc_context


async def _slow(ctx: Context, svc: object) -> Response:
    await asyncio.sleep(0.1)
    return Response(b"done")


async def _echo(ctx: Context, svc: object) -> Response:
    return Response(await ctx.raw_body())


ROUTES = [
    Route("GET", "/slow", _slow),
    Route("GET", "/own", _slow, timeout_ms=20),
    Route("POST", "/echo", _echo),
    Route("POST", "/own", _echo, max_bytes=4),
]


def _asked(*requests: tuple[str, str, bytes, dict[str, str]], **off: bool) -> list[Answer]:
    """Return the answers to requests that are sent at the same time."""
    conf = RestConf(name="a", port=1, timeout=30, max_bytes=8, max_conns=1, middlewares=MiddlewaresConf(**off))

    async def run() -> list[Answer]:
        async with Client(App(conf, ServiceBase(conf), ROUTES)) as client:
            made = (client.request(how, path, data=data, headers=head) for how, path, data, head in requests)
            return list(await asyncio.gather(*made))

    return asyncio.run(run())


LARGE, ZIPPED = b"123456789", gzip.compress(b"1234", mtime=0)


@pytest.mark.parametrize(
    ("off", "requests", "on_status", "off_status"),
    [
        ("timeout", [("GET", "/slow", b"", {})], [503], [200]),
        ("timeout", [("GET", "/own", b"", {})], [503], [200]),
        ("max_bytes", [("POST", "/echo", LARGE, {})], [413], [200]),
        ("max_bytes", [("POST", "/own", LARGE, {})], [413], [200]),
        ("gunzip", [("POST", "/echo", ZIPPED[:8], {"content-encoding": "gzip"})], [400], [415]),
    ],
)
def test_off_is_off(off: str, requests: list[Any], on_status: list[int], off_status: list[int]) -> None:
    assert [answer.status for answer in _asked(*requests)] == on_status
    assert [answer.status for answer in _asked(*requests, **{off: False})] == off_status


def test_all_members_of_a_packed_body_are_read() -> None:
    conf = RestConf(name="a", port=1, max_bytes=100)
    two = gzip.compress(b"12", mtime=0) + gzip.compress(b"34", mtime=0)

    async def run() -> list[Answer]:
        async with Client(App(conf, ServiceBase(conf), [Route("POST", "/echo", _echo)])) as client:
            bodies = (two, two + b"no gzip", two[:-3], gzip.compress(b"1" * 60) * 2)
            return [await client.post("/echo", data=body, headers={"content-encoding": "gzip"}) for body in bodies]

    found = asyncio.run(run())
    assert found[0].body == b"1234"
    assert [answer.status for answer in found] == [200, 400, 400, 413]


def test_connections_are_not_counted() -> None:
    two: list[Any] = [("POST", "/echo", b"1", {}), ("GET", "/slow", b"", {}), ("GET", "/slow", b"", {})]
    assert 503 in [answer.status for answer in _asked(*two, timeout=False)]
    assert [answer.status for answer in _asked(*two, timeout=False, max_conns=False)] == [200, 200, 200]


@pytest.mark.parametrize("on", [True, False])
def test_the_line_of_a_request(on: bool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "mallgen.access"):
        _asked(("POST", "/echo", b"1", {}), log=on)
    assert ("[HTTP] 200" in caplog.text) is on


class Message:
    """A message with the methods that the runtime uses."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        """Return no bytes."""
        return b""

    @staticmethod
    def FromString(data: bytes) -> "Message":  # noqa: N802 - protobuf's name
        """Return a message."""
        return Message()


def _failing(problem: Exception) -> Unary[Any]:
    async def fail(ctx: object, svc: object, request: object) -> Message:
        raise problem

    return Unary("/a.A/Ask", fail, Message, Message)


def _server_codes(problem: Exception, **off: bool) -> set[Code]:
    conf = RpcServerConf(name="a", middlewares=ServerMiddlewaresConf(**off))
    method = _failing(problem)
    app = RpcApp(conf, ServiceBase(conf), [Service("a.A", (method,))])

    async def run() -> set[Code]:
        found = set()
        for _ in range(200):
            try:
                await app.answer(method, rpc_context(), Message())
            except RpcError as told:
                found.add(told.code)
        return found

    return asyncio.run(run())


def test_the_breaker_of_a_server() -> None:
    assert _server_codes(ValueError("unwell")) == {Code.INTERNAL, Code.UNAVAILABLE}
    assert _server_codes(ValueError("unwell"), breaker=False) == {Code.INTERNAL}
    assert _server_codes(RpcError(Code.INTERNAL, "on purpose")) == {Code.INTERNAL}


@pytest.mark.parametrize("on", [True, False])
def test_the_line_of_a_call(on: bool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "mallgen.access"):
        _server_codes(RpcError(Code.NOT_FOUND), stat=on)
    assert ("[RPC] NOT_FOUND" in caplog.text) is on


class Fake:
    """A connection that fails every call and keeps the arguments."""

    connected = True

    def __init__(self) -> None:
        self.calls: list[tuple[float | None, tuple[tuple[str, str], ...]]] = []

    async def unary(self, wire: str, data: bytes, timeout: float | None, metadata: Any) -> bytes:
        """Fail the call."""
        self.calls.append((timeout, metadata))
        raise RpcError(Code.UNAVAILABLE, "gone")

    async def close(self) -> None:
        """Do nothing."""


def _client(count: int, after: Callable[[], None] = lambda: None, **settings: Any) -> Fake:
    fake = Fake()
    channel = Channel(RpcClientConf(endpoints=["a:1"], **settings), "a.rpc", _made(fake))

    async def run() -> None:
        after()
        for _ in range(count):
            with pytest.raises(RpcError):
                await channel.unary("/a.A/Ask", Message(), Message)

    asyncio.run(run())
    return fake


def _made(fake: Fake) -> Any:
    async def connect(addresses: tuple[str, ...]) -> Fake:
        return fake

    return connect


def test_the_breaker_of_a_client() -> None:
    assert len(_client(200).calls) < 100
    assert len(_client(200, middlewares=ClientMiddlewaresConf(breaker=False)).calls) == 200


def test_the_timeout_of_a_client() -> None:
    off = ClientMiddlewaresConf(timeout=False)
    (limit,) = [timeout for timeout, _ in _client(1, timeout=500).calls]
    assert limit is not None and limit <= 0.5
    assert [timeout for timeout, _ in _client(1, timeout=500, middlewares=off).calls] == [None]

    def within_a_request() -> None:
        origin.set(Origin("r", "0" * 31 + "1", asyncio.get_running_loop().time() + 5))

    (left,) = [timeout for timeout, _ in _client(1, within_a_request, timeout=500, middlewares=off).calls]
    assert left is not None and 1 < left <= 5


def test_app_and_token_go_along() -> None:
    ((_, metadata),) = _client(1, app="mall", token="t").calls
    assert metadata == (("app", "mall"), ("token", "t"))
    ((_, metadata),) = _client(1).calls
    assert metadata == ()


def test_calls_that_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(counted, "observer", lambda kind, labels: lambda code, taken: seen.append(kind))
    _server_codes(RpcError(Code.NOT_FOUND), prometheus=False)
    _client(1, middlewares=ClientMiddlewaresConf(prometheus=False))
    assert seen == []
    _server_codes(RpcError(Code.NOT_FOUND))
    _client(1)
    assert set(seen) == {"rpc_server", "rpc_client"}


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        (["/a.A/Askk"], "/a.A/Askk is no method here; there are /a.A/Ask"),
        (["Ask"], "Ask is no method here"),
        (["/a.A/Ask", "/a.A/Ask"], "/a.A/Ask has two entries"),
        (["/a.A/Watch"], "/a.A/Watch is a stream"),
    ],
)
def test_a_limit_that_would_not_hold_is_refused(entries: list[str], reason: str) -> None:
    limits = [MethodTimeoutConf(full_method=name, timeout="1s") for name in entries]
    conf = RpcServerConf(name="a", method_timeouts=limits)
    methods: list[Method[Any]] = [_failing(ValueError())]
    if "Watch" in reason:
        methods.append(ServerStream("/a.A/Watch", _failing(ValueError()).endpoint, Message, Message))
    with pytest.raises(ConfigError, match=re.escape(reason)):
        RpcApp(conf, ServiceBase(conf), [Service("a.A", tuple(methods))])


def test_a_bad_duration_is_told_before_an_instance_comes() -> None:
    with pytest.raises(ConfigError, match="KeepaliveTime for a"):
        connect(RpcClientConf(keepalive_time="often"), "a.rpc")


@pytest.mark.parametrize(("name", "value"), [("MALLGEN_LOG", "xml"), ("MALLGEN_DISCOVERY", "/tmp/here")])
def test_a_variable_of_ours_is_honoured_or_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"the environment variable {name} is '{value}'; write "):
        shared_folder() if name == "MALLGEN_DISCOVERY" else set_up(LogConf())
