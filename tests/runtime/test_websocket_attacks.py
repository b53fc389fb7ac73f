"""Clients of WebSockets that break rules, flood, stall or fall silent, as plain bytes against our own server."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mallgen_runtime import Context, Response, RestConf, WebSocket
from mallgen_runtime.http.conf import MiddlewaresConf, WebSocketConf
from mallgen_runtime.http.sockets import connection
from mallgen_runtime.schema import Struct
from tests.runtime.wire import Wire, Wires, serving

TEXT, CONT, BINARY, CLOSE, PING, PONG = 1, 0, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, section 1.3


class Said(Struct):
    """A message of a client."""

    text: str


Socket = WebSocket[Said, Said]


def frame(opcode: int, data: bytes = b"", *, fin: bool = True, mask: bool = True, more: int = 0) -> bytes:
    """Return a frame as a client sends it; `more` is added to the length that it says."""
    length = len(data) + more
    head = bytes([(0x80 if fin else 0) | opcode])
    bit = 0x80 if mask else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 1 << 16:
        head += bytes([bit | 126]) + struct.pack("!H", length)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", length)
    return head + (b"\0\0\0\0" if mask else b"") + data


async def echo(ctx: Context, svc: Any) -> Response:
    socket: Socket = WebSocket(ctx, Said, Said)

    async def run() -> None:
        async for message in socket:
            await socket.send(message)

    return socket.answer(run)


async def shaken(client: Wires, path: str = "/echo", **more: str) -> Wire:
    wire = await client.open()
    asked = {"upgrade": "websocket", "connection": "Upgrade", "sec_websocket_version": "13", "sec_websocket_key": KEY}
    await wire.send("GET", path, **{**asked, **more})
    head = await asyncio.wait_for(wire.reader.readuntil(b"\r\n\r\n"), 10)
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"sec-websocket-accept: " + ACCEPT in head
    return wire


async def received(wire: Wire) -> tuple[int, bytes]:
    """Read a frame of the server, which has no mask."""
    first, second = await asyncio.wait_for(wire.reader.readexactly(2), 10)
    length = second & 127
    if length == 126:
        (length,) = struct.unpack("!H", await wire.reader.readexactly(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", await wire.reader.readexactly(8))
    return first & 15, await wire.reader.readexactly(length)


async def closing(wire: Wire) -> int:
    """Read up to the server's close and the end of the connection; return its code."""
    code = 0
    while not code:
        opcode, data = await received(wire)
        code = int.from_bytes(data[:2], "big") if opcode == CLOSE else 0
    wire.writer.write(frame(CLOSE, data))
    while await asyncio.wait_for(wire.reader.read(1 << 16), 10):
        pass
    wire.writer.close()
    return code


def attack(work: Callable[[Wires], Awaitable[None]], routes: Any = None, **limits: int) -> None:
    async def run() -> None:
        sockets = WebSocketConf(**{"max_message_bytes": 1000, **limits})
        calm = MiddlewaresConf(shedding=False)  # a thousand handshakes at once are load on a busy machine
        conf = RestConf(name="t", port=0, web_socket=sockets, middlewares=calm)
        async with serving(routes or {"/echo": echo}, conf, websocket=True) as client:
            await asyncio.wait_for(work(client), 60)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b'{"text":"a"}', mask=False), 1002),
        (b"\xf1\x80\0\0\0\0", 1002),
        (frame(3), 1002),
        (frame(11), 1002),
        (frame(CONT, b"a"), 1002),
        (frame(TEXT, b"a", fin=False) + frame(TEXT, b"a"), 1002),
        (frame(PING, b"a", fin=False), 1002),
        (frame(PING, b"a" * 126), 1002),
        (frame(CLOSE, b"\x03"), 1002),
        (frame(CLOSE, struct.pack("!H", 1005)), 1002),
        (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
        (frame(TEXT, b'{"text":"\xff"}'), 1007),
        (frame(TEXT, b'{"text":"\xc3', fin=False) + frame(CONT, b'"}'), 1007),
        (frame(TEXT, b'{"text":1}'), 1007),
        (frame(TEXT), 1007),
        (frame(TEXT, more=1001), 1009),
        (frame(TEXT, more=1 << 62), 1009),
        (frame(TEXT, b"a" * 600, fin=False) + frame(CONT, b"a" * 600), 1009),
        (frame(BINARY, b"a"), 1003),
        (frame(CLOSE, struct.pack("!H", 3000)), 3000),
    ],
)
def test_what_breaks_the_protocol_closes_the_socket(sent: bytes, code: int) -> None:
    async def work(client: Wires) -> None:
        wire = await shaken(client)
        wire.writer.write(frame(TEXT, b'{"text":"a"}'))
        assert await received(wire) == (TEXT, b'{"text":"a"}')
        wire.writer.write(sent)
        assert await closing(wire) == code
        await asyncio.wait_for(client.tracker.empty(), 10)
        assert client.tracker.kept == 0

    attack(work)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"sec_websocket_key": "short"}, 400),
        ({"sec_websocket_version": "8"}, 426),
        ({"upgrade": "h2c"}, 426),
        ({"content_length": "3"}, 400),
        ({"transfer_encoding": "chunked"}, 400),
        ({"connection": "close"}, 426),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://a.evil.example"}, 403),
        ({"origin": "http://[::1"}, 403),
    ],
)
def test_half_a_handshake_is_an_answer(changed: dict[str, str], status: int) -> None:
    async def work(client: Wires) -> None:
        asked = {"upgrade": "websocket", "connection": "Upgrade", "sec_websocket_version": "13"}
        got = await client.get("/echo", **{**asked, "sec_websocket_key": KEY, **changed})
        assert got.status == status

    attack(work)


def test_frames_that_come_with_the_handshake_and_byte_by_byte() -> None:
    async def work(client: Wires) -> None:
        wire = await client.open()
        wire.writer.write(
            b"GET /echo HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: %b\r\n\r\n" % KEY.encode()
            + frame(TEXT, b'{"text":"early"}')
        )
        await wire.reader.readuntil(b"\r\n\r\n")
        assert await received(wire) == (TEXT, b'{"text":"early"}')
        for byte in frame(TEXT, b'{"text":"sl', fin=False) + frame(PING, b"p") + frame(CONT, b'ow"}'):
            wire.writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert [await received(wire) for _ in range(2)] == [(PONG, b"p"), (TEXT, b'{"text":"slow"}')]
        wire.close()

    attack(work)


def test_a_flood_of_empty_fragments_keeps_nothing_and_nobody_waits() -> None:
    async def work(client: Wires) -> None:
        wire, other = await shaken(client), await shaken(client)
        wire.writer.write(frame(TEXT, b'{"text":"', fin=False) + frame(CONT, fin=False) * 200_000)
        for _ in range(20):
            other.writer.write(frame(TEXT, b'{"text":"b"}'))
            assert await received(other) == (TEXT, b'{"text":"b"}')
        wire.writer.write(frame(CONT, b'a"}'))
        assert await received(wire) == (TEXT, b'{"text":"a"}')
        assert client.tracker.kept < 1 << 17
        wire.close()
        other.close()

    attack(work)


def test_a_flood_that_nobody_takes_is_not_read() -> None:
    taken = asyncio.Event()

    async def sleeps(ctx: Context, svc: Any) -> Response:
        socket: Socket = WebSocket(ctx, Said, Said)

        async def run() -> None:
            await socket.receive()
            await taken.wait()
            async for message in socket:
                await socket.send(message)

        return socket.answer(run)

    async def work(client: Wires) -> None:
        wire = await shaken(client, "/sleeps")
        message = frame(TEXT, b'{"text":"%b"}' % (b"a" * 900))
        for _ in range(20_000):  # 18 MB
            wire.writer.write(message)
        await asyncio.sleep(0.3)
        assert client.tracker.kept < 100_000
        assert wire.writer.transport.get_write_buffer_size() > 1 << 20
        taken.set()
        for _ in range(100):
            assert (await received(wire))[0] == TEXT
        wire.close()

    attack(work, {"/sleeps": sleeps})


def test_a_flood_of_pings_without_reading_is_not_answered_without_end() -> None:
    async def work(client: Wires) -> None:
        wire = await shaken(client)
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            wire.writer.write(frame(PING, b"a" * 125) * 1000)  # 26 MB
        await asyncio.sleep(0.5)
        (socket,) = client.tracker.connections
        assert socket._transport.get_write_buffer_size() < 1 << 20  # type: ignore[attr-defined]
        assert wire.writer.transport.get_write_buffer_size() > 1 << 20
        wire.close()

    attack(work)


def test_a_client_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALL_SECONDS", 0.5)
    sent: list[int] = []
    ended = asyncio.Event()

    async def pushes(ctx: Context, svc: Any) -> Response:
        socket: WebSocket[None, Said] = WebSocket(ctx, None, Said)

        async def run() -> None:
            try:
                while True:
                    await socket.send(Said(text="a" * 100_000))
                    sent.append(1)
            finally:
                ended.set()

        return socket.answer(run)

    async def work(client: Wires) -> None:
        wire = await shaken(client, "/pushes")
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.wait_for(ended.wait(), 10)
        assert len(sent) < 200, "the logic waits for its client"
        assert client.tracker.kept == 0

    attack(work, {"/pushes": pushes})


def test_a_message_that_never_ends_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.3)

    async def work(client: Wires) -> None:
        wire = await shaken(client)
        wire.writer.write(frame(TEXT, b"{", fin=False))

        async def drips() -> None:
            while True:
                wire.writer.write(frame(CONT, fin=False))
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drips())
        assert await closing(wire) == 1008
        dripping.cancel()

    attack(work)


@pytest.mark.slow
def test_silence_is_asked_about_and_given_up() -> None:
    async def work(client: Wires) -> None:
        silent, alive = await shaken(client), await shaken(client)
        assert await received(alive) == (PING, b"")
        alive.writer.write(frame(PONG))
        assert await closing(silent) == 1011
        assert await received(alive) == (PING, b"")
        alive.writer.write(frame(TEXT, b'{"text":"a"}'))
        assert await received(alive) == (TEXT, b'{"text":"a"}')
        alive.close()

    attack(work, ping_seconds=1, pong_seconds=1)


def test_a_thousand_idle_sockets_and_one_that_talks() -> None:
    async def work(client: Wires) -> None:
        wires = []
        for _ in range(20):
            wires += await asyncio.gather(*(shaken(client) for _ in range(50)))
        assert len(client.tracker.connections) == 1000
        assert client.tracker.kept == 0
        wires[500].writer.write(frame(TEXT, b'{"text":"a"}'))
        assert await received(wires[500]) == (TEXT, b'{"text":"a"}')
        for socket in list(client.tracker.connections):
            socket.shutdown()
        codes = [await closing_by(wire) for wire in wires]
        assert set(codes) == {1001}
        await asyncio.wait_for(client.tracker.empty(), 10)

    attack(work)


async def closing_by(wire: Wire) -> int:
    """Answer the server's close and return its code."""
    opcode, data = await received(wire)
    assert opcode == CLOSE
    wire.writer.write(frame(CLOSE, data))
    assert await asyncio.wait_for(wire.reader.read(), 10) == b""
    wire.writer.close()
    return int.from_bytes(data[:2], "big")


def test_logic_that_waits_for_something_else_is_cancelled_when_its_client_has_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "LEAVE_SECONDS", 0.3)
    cancelled = asyncio.Event()

    async def waits(ctx: Context, svc: Any) -> Response:
        socket: Socket = WebSocket(ctx, Said, Said)

        async def run() -> None:
            await socket.receive()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        return socket.answer(run)

    async def work(client: Wires) -> None:
        for leaves in ("resets", "closes"):
            cancelled.clear()
            wire = await shaken(client, "/waits")
            wire.writer.write(frame(TEXT, b'{"text":"a"}'))
            await asyncio.sleep(0.05)
            if leaves == "resets":
                wire.close()
            else:
                wire.writer.write(frame(CLOSE, struct.pack("!H", 1000)))
            await asyncio.wait_for(cancelled.wait(), 10)

    attack(work, {"/waits": waits})


def test_a_server_that_stops_cancels_logic_that_does_not_end() -> None:
    async def hangs(ctx: Context, svc: Any) -> Response:
        socket: Socket = WebSocket(ctx, Said, Said)

        async def run() -> None:
            await socket.accept()
            await asyncio.Event().wait()

        return socket.answer(run)

    async def work(client: Wires) -> None:
        wire = await shaken(client, "/hangs")
        (socket,) = client.tracker.connections
        socket.shutdown()
        opcode, data = await received(wire)
        assert (opcode, data[:2]) == (CLOSE, struct.pack("!H", 1001))
        socket.cancel()
        wire.writer.write(frame(CLOSE, data))
        await asyncio.wait_for(client.tracker.empty(), 10)

    attack(work, {"/hangs": hangs})
