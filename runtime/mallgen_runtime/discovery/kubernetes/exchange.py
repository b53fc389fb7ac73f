"""One request to the API server and its answer, by h11: every part has a limit."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import h11

CHUNK, HEAD, MOST_LINE, MOST_ANSWER, MOST_MESSAGE = 64 << 10, 64 << 10, 4 << 20, 32 << 20, 64 << 10
_ALIVE = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30_000))


class BadAnswer(Exception):
    """An answer that is not HTTP, ends early, or is larger than it may be."""


class ApiAnswer:
    """The status of an answer, and its body as it comes."""

    def __init__(self, status: int, pause: float, body: AsyncIterator[bytes]) -> None:
        self.status = status
        self.pause = pause
        self._body = body

    async def whole(self, most: int = MOST_ANSWER) -> bytes:
        """Return all of the body."""
        found = bytearray()
        async for piece in self._body:
            found += piece
            if len(found) > most:
                raise BadAnswer(f"it is larger than {most >> 10} KiB")
        return bytes(found)

    async def lines(self) -> AsyncGenerator[bytes, None]:
        """Yield each line of the body when it is complete; empty ones are left out."""
        begun = bytearray()
        async for piece in self._body:
            *ended, rest = piece.split(b"\n")
            for part in ended:
                begun += part
                if line := bytes(begun).strip():
                    yield line
                begun.clear()
            begun += rest
            if len(begun) > MOST_LINE:
                raise BadAnswer(f"a line of it is longer than {MOST_LINE >> 20} MiB")


@asynccontextmanager
async def asked(
    host: str, port: int, context: ssl.SSLContext, path: str, token: str, seconds: float
) -> AsyncIterator[ApiAnswer]:
    """Connect, send a GET and wait for the head of its answer, all within `seconds`.

    Raises OSError, TimeoutError, BadAnswer.
    """
    async with contextlib.AsyncExitStack() as stack:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host, limit=CHUNK)
            stack.callback(writer.transport.abort)
            _keep_alive(writer)
            protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD)
            writer.write(_request(protocol, host, port, path, token))
            await writer.drain()
            head = await _head(protocol, reader)
        yield ApiAnswer(head.status_code, _pause(head), _body(protocol, reader))


def _request(protocol: h11.Connection, host: str, port: int, path: str, token: str) -> bytes:
    shown = f"[{host}]" if ":" in host else host
    fields = [
        ("Host", f"{shown}:{port}"),
        ("Authorization", f"Bearer {token}"),
        ("Accept", "application/json"),
        ("User-Agent", "mallgen"),
        ("Connection", "close"),
    ]
    first = protocol.send(h11.Request(method="GET", target=path, headers=fields)) or b""
    return first + (protocol.send(h11.EndOfMessage()) or b"")


async def _event(protocol: h11.Connection, reader: asyncio.StreamReader) -> object:
    try:
        while (event := protocol.next_event()) is h11.NEED_DATA:
            protocol.receive_data(await reader.read(CHUNK))
    except h11.RemoteProtocolError as problem:
        raise BadAnswer(f"it is not HTTP, or ends early: {str(problem)[:100]}") from None
    return event


async def _head(protocol: h11.Connection, reader: asyncio.StreamReader) -> h11.Response:
    while True:
        event = await _event(protocol, reader)
        if isinstance(event, h11.Response):
            return event
        if not isinstance(event, h11.InformationalResponse):
            raise BadAnswer("the connection was closed before it came")


async def _body(protocol: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while isinstance(event := await _event(protocol, reader), h11.Data):
        yield bytes(event.data)


def _pause(head: h11.Response) -> float:
    """Return the seconds that an answer asks us to wait, at most half a minute."""
    text = next((value for name, value in head.headers if name == b"retry-after"), b"")
    return float(min(int(text), 30)) if text.isdigit() and len(text) <= 9 else 0.0


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Notice a peer that vanished within half a minute, where the system can."""
    found = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _ALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            found.setsockopt(socket.IPPROTO_TCP, option, value)
