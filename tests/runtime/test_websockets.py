"""WebSockets over real connections, on our own server and under uvicorn: messages, refusals, and how they end."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mallgen_runtime import (
    ApiError,
    App,
    Context,
    Next,
    Response,
    RestConf,
    Route,
    ServiceBase,
    SocketClosed,
    WebSocket,
)
from mallgen_runtime.http.conf import CorsConf, WebSocketConf
from mallgen_runtime.http.connection import HttpConnection
from mallgen_runtime.http.tracker import ConnectionTracker
from mallgen_runtime.process.tls import client_tls, server_tls
from mallgen_runtime.schema import Struct
from mallgen_runtime.testing import context
from tests.certificates import Authority
from tests.runtime.wire import Wires, serving

BOTH = pytest.mark.parametrize("under", ["mallgen", "uvicorn"])


class Said(Struct):
    """A message of a client."""

    text: str


class Heard(Struct):
    """A message of the service."""

    text: str
    number: int = 0


Socket = WebSocket[Said, Heard]
Logic = Callable[[Context, Socket], Awaitable[None]]


def route(logic: Logic, receives: Any = Said) -> Callable[[Context, Any], Awaitable[Response]]:
    async def endpoint(ctx: Context, svc: Any) -> Response:
        socket: Socket = WebSocket(ctx, receives, Heard)
        ctx.form.int64("limit", 0)
        ctx.done()
        return socket.answer(logic, ctx, socket)

    return endpoint


async def echo(ctx: Context, socket: Socket) -> None:
    number = 0
    async for message in socket:
        number += 1
        await socket.send(Heard(text=message.text, number=number))


async def refused(ctx: Context, socket: Socket) -> None:
    raise ApiError(404, "no_room", "there is no such room")


async def one(ctx: Context, socket: Socket) -> None:
    await socket.send(Heard(text=(await socket.receive()).text))


async def broken(ctx: Context, socket: Socket) -> None:
    raise KeyError((await socket.receive()).text)


async def late(ctx: Context, socket: Socket) -> None:
    await socket.receive()
    raise ApiError(409, "too_late", "the room is closed")


async def closes(ctx: Context, socket: Socket) -> None:
    await socket.close(4001, "bye 中")


ROUTES = {f"/{logic.__name__}": route(logic) for logic in (echo, refused, one, broken, late, closes)}


def talk(
    work: Callable[[Wires], Awaitable[None]], routes: Any = ROUTES, conf: Any = None, under: str = "mallgen"
) -> None:
    async def run() -> None:
        async with serving(routes, conf, under=under, websocket=True) as client:
            await asyncio.wait_for(work(client), 60)

    asyncio.run(run())


def joined(client: Wires, path: str, **more: Any) -> connect:
    return connect(f"ws://127.0.0.1:{client.port}{path}", proxy=None, **more)


async def ended(socket: ClientConnection) -> tuple[int, str]:
    """Read to the end of a socket; return how the server closed it."""
    with pytest.raises(ConnectionClosed) as found:
        while True:
            await socket.recv()
    close = found.value.rcvd
    return (close.code, close.reason) if close is not None else (1006, "")


async def denied(client: Wires, path: str, **more: Any) -> tuple[int, Any]:
    with pytest.raises(InvalidStatus) as found:
        async with joined(client, path, **more):
            pass
    answer = found.value.response
    return answer.status_code, json.loads(answer.body or b"{}")


@BOTH
def test_messages_go_both_ways(under: str) -> None:
    async def work(client: Wires) -> None:
        async with joined(client, "/echo") as socket:
            for number in range(1, 4):
                await socket.send(json.dumps({"text": "中" * number}))
                assert json.loads(await socket.recv()) == {"text": "中" * number, "number": number}
            await socket.send(iter(('{"te', 'xt":', '"in parts"}')))  # fragments
            assert json.loads(await socket.recv()) == {"text": "in parts", "number": 4}
            await (await socket.ping())

    talk(work, under=under)


@BOTH
def test_what_comes_before_the_handshake_is_an_answer(under: str) -> None:
    async def work(client: Wires) -> None:
        status, problem = await denied(client, "/echo?limit=x")
        assert (status, problem["errors"][0]["name"]) == (400, "limit")
        status, problem = await denied(client, "/refused")
        assert (status, problem["code"]) == (404, "no_room")
        assert (await denied(client, "/unknown"))[0] == 404
        assert (await denied(client, "/echo", origin="https://evil.example"))[0] == 403
        plain = await client.get("/echo")
        assert (plain.status, plain.headers["upgrade"]) == (426, "websocket")
        async with joined(client, "/one", origin=f"http://127.0.0.1:{client.port}") as socket:
            await socket.send('{"text":"own page"}')
            assert await ended_after(socket) == ('{"text":"own page","number":0}', 1000)

    talk(work, under=under)


async def ended_after(socket: ClientConnection) -> tuple[Any, int]:
    return await socket.recv(), (await ended(socket))[0]


@BOTH
def test_the_end_of_a_socket_says_why(under: str, caplog: pytest.LogCaptureFixture) -> None:
    async def work(client: Wires) -> None:
        found = {}
        for path in ("/one", "/broken", "/late", "/closes"):
            async with joined(client, path) as socket:
                if path != "/closes":
                    await socket.send('{"text":"a"}')
                found[path] = await ended(socket)
        assert found == {
            "/one": (1000, ""),
            "/broken": (1011, ""),
            "/late": (1008, "the room is closed"),
            "/closes": (4001, "bye 中"),
        }

    talk(work, under=under)
    assert "KeyError" in caplog.text


@BOTH
@pytest.mark.parametrize(
    ("sent", "code", "why"),
    [
        ('{"text":1}', 1007, "text"),
        ("{", 1007, "is not JSON"),
        (b'{"text":"a"}', 1003, "messages are text"),
        ('{"text":"%s"}' % ("a" * 300), 1009, ""),
    ],
)
def test_a_message_that_does_not_fit_closes_the_socket(under: str, sent: Any, code: int, why: str) -> None:
    async def work(client: Wires) -> None:
        async with joined(client, "/echo") as socket:
            await socket.send('{"text":"fits"}')
            await socket.recv()
            await socket.send(sent)
            found = await ended(socket)
            assert found[0] == code
            assert why in found[1]

    talk(work, conf=RestConf(name="t", port=0, web_socket=WebSocketConf(max_message_bytes=200)), under=under)


@BOTH
def test_logic_notices_a_client_that_leaves(under: str) -> None:
    seen: list[Any] = []

    async def waits(ctx: Context, socket: Socket) -> None:
        seen.extend([message.text async for message in socket])
        seen.append(socket.code)
        try:
            await socket.send(Heard(text=""))
        except SocketClosed as problem:
            seen.append(problem.code)

    async def work(client: Wires) -> None:
        async with joined(client, "/waits") as socket:
            for number in range(3):
                await socket.send(f'{{"text":"{number}"}}')
            await socket.close(4000)
        while len(seen) < 5:
            await asyncio.sleep(0.01)

    talk(work, {"/waits": route(waits)}, under=under)
    assert seen == ["0", "1", "2", 4000, 4000], "what was sent before the close is still taken"


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_messages_over_tls(factory: Any, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.issue("server", "127.0.0.1")
    found = server_tls(cert, key, "", ["http/1.1"])
    assert found is not None

    async def run() -> None:
        loop = asyncio.get_running_loop()
        conf, tracker = RestConf(name="t", port=0), ConnectionTracker(loop)
        app = App(conf, ServiceBase(conf), [Route("GET", "/echo", ROUTES["/echo"], websocket=True)])
        server = await loop.create_server(lambda: HttpConnection(app, tracker), "127.0.0.1", 0, ssl=found.context)
        address = f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/echo"
        tls = client_tls(str(authority.ca), "", "", ["http/1.1"])
        async with connect(address, ssl=tls, proxy=None, max_size=None) as socket:
            for text in ("a", "b" * 500_000):
                await socket.send(json.dumps({"text": text}))
                assert json.loads(await socket.recv())["text"] == text
        async with connect(address, ssl=tls, proxy=None) as socket:
            for one in list(tracker.connections):
                one.shutdown()
            assert (await ended(socket))[0] == 1001
        await asyncio.wait_for(tracker.empty(), 10)
        server.close()

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(run())


def test_a_server_that_knows_no_websockets_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> int:
        conf = RestConf(name="t", port=0)
        app = App(conf, ServiceBase(conf), [Route("GET", "/echo", ROUTES["/echo"], websocket=True)])
        asked = {"upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13"}
        scope = {**context(headers={**asked, "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}, path="/echo").scope}
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, asyncio.Event().wait, send)  # type: ignore[arg-type]
        return int(sent[0]["status"])

    assert asyncio.run(run()) == 501
    assert "install `mallgen-runtime[ws]`" in caplog.text


class Guard:
    """A middleware that refuses some, and marks the answer to the others."""

    async def handle(self, ctx: Context, next_: Next) -> Response:
        if "x-bad" in ctx.headers:
            raise ApiError(403, "bad", "not you")
        response = await next_(ctx)
        response.headers["x-mark"] = "guard"
        response.set_cookie("seen", "1")
        return response


@BOTH
def test_middlewares_come_before_the_handshake(under: str) -> None:
    async def run() -> None:
        async with serving(ROUTES, under=under, websocket=True, middlewares=(lambda svc: Guard(),)) as client:
            assert (await denied(client, "/echo", additional_headers={"x-bad": "1"}))[0] == 403
            async with joined(client, "/echo") as socket:
                assert socket.response is not None
                headers = socket.response.headers
                assert headers["x-mark"] == "guard"
                assert headers["set-cookie"].startswith("seen=1; ")
                assert headers["x-request-id"]
                await socket.send('{"text":"a"}')
                await socket.recv()

    asyncio.run(run())


@pytest.mark.parametrize("seed", range(5))
def test_any_cut_of_any_messages_arrives(seed: int) -> None:
    chance = random.Random(seed)
    texts = ["中" * chance.randrange(1, 1 + 10 ** chance.randrange(1, 6)) for _ in range(40)]

    async def work(client: Wires) -> None:
        async with joined(client, "/echo", max_size=None) as socket:

            async def sends() -> None:
                for text in texts:
                    whole = json.dumps({"text": text}, ensure_ascii=False)
                    cuts = sorted(chance.randrange(len(whole) + 1) for _ in range(chance.randrange(5)))
                    await socket.send([whole[a:b] for a, b in pairwise((0, *cuts, len(whole)))])
                    if chance.random() < 0.3:
                        await socket.ping()

            sending = asyncio.create_task(sends())
            for number, text in enumerate(texts, 1):
                assert json.loads(await socket.recv()) == {"text": text, "number": number}
            await sending

    talk(work)


def test_messages_as_go_zero_writes_json() -> None:
    async def work(client: Wires) -> None:
        async with joined(client, "/echo") as socket:
            await socket.send('{"text":"<a>"}')
            assert await socket.recv() == '{"text":"\\u003ca\\u003e","number":1}'

    talk(work, conf=RestConf(name="t", port=0, compat="gozero"))


def test_sockets_are_counted_while_they_are_open() -> None:
    def open_now(app: App[Any]) -> float:
        return next(one.value for one in app._readings() if one.name == "http_server_open_sockets")

    async def work(client: Wires) -> None:
        async with joined(client, "/echo") as socket:
            await socket.send('{"text":"a"}')
            await socket.recv()
            assert open_now(client.app) == 1
            assert (await denied(client, "/echo"))[0] == 503
        while open_now(client.app):
            await asyncio.sleep(0.01)

    talk(work, conf=RestConf(name="t", port=0, max_conns=1))


@BOTH
def test_pages_of_other_origins_that_the_settings_admit(under: str) -> None:
    async def work(client: Wires) -> None:
        async with joined(client, "/one", origin="https://shop.example") as socket:
            await socket.send('{"text":"a"}')
            assert (await ended_after(socket))[1] == 1000
        assert (await denied(client, "/one", origin="https://evil.example"))[0] == 403

    talk(work, conf=RestConf(name="t", port=0, cors=CorsConf(origins=["https://shop.example"])), under=under)


@BOTH
def test_a_page_that_any_origin_may_be_sends_no_cookies(under: str) -> None:
    async def work(client: Wires) -> None:
        async with joined(client, "/one", origin="https://any.example") as socket:
            await socket.send('{"text":"a"}')
            assert (await ended_after(socket))[1] == 1000
        cookie = {"cookie": "session=1"}
        assert (await denied(client, "/one", origin="https://any.example", additional_headers=cookie))[0] == 403
        own = f"http://127.0.0.1:{client.port}"
        async with joined(client, "/one", origin=own, additional_headers=cookie) as socket:
            await socket.send('{"text":"a"}')
            assert (await ended_after(socket))[1] == 1000

    talk(work, conf=RestConf(name="t", port=0, cors=CorsConf(origins=["*"])), under=under)
