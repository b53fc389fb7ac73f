"""The client's end of a WebSocket without a network, for tests of a service."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any

import msgspec

from mallgen_runtime.http.links import NO_STATUS, NORMAL, Close, SocketClosed

Application = Callable[..., Awaitable[None]]
_PATIENCE = 10.0  # seconds that a test waits for a service


class SocketDenied(Exception):
    """The service has answered the handshake with something else: `status`, `headers` by lower-case name, `body`."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(f"{status} {body[:200].decode('utf-8', 'replace')}".rstrip())
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """The body as plain values."""
        return msgspec.json.decode(self.body)


class SocketClient:
    """Opens a socket when it is entered, closes it when it is left. Entering raises SocketDenied."""

    def __init__(self, app: Application, scope: MutableMapping[str, Any]) -> None:
        self._app = app
        self._scope = {**scope, "type": "websocket", "scheme": "ws", "extensions": {"websocket.http.response": {}}}
        self._to_service: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._to_client: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._task: asyncio.Future[None] | None = None
        self._closed: Close | None = None

    @property
    def code(self) -> int:
        """The code that the socket was closed with, 0 while it is open."""
        return self._closed.code if self._closed is not None else 0

    @property
    def reason(self) -> str:
        """The reason that came with it."""
        return self._closed.reason if self._closed is not None else ""

    async def __aenter__(self) -> "SocketClient":
        self._to_service.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.ensure_future(self._app(self._scope, self._to_service.get, self._to_client.put))
        first = await self._next()
        if first["type"] != "websocket.accept":
            raise await self._denied(first)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        assert self._task is not None, "it was entered"
        try:
            await asyncio.wait_for(self._task, _PATIENCE)
        except TimeoutError:
            raise TimeoutError(f"the logic has not ended {_PATIENCE:.0f} s after its client left") from None

    async def _denied(self, first: MutableMapping[str, Any]) -> SocketDenied:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in first.get("headers", ())}
        body, more = b"", "status" in first
        while more:
            piece = await self._next()
            body, more = body + piece.get("body", b""), piece.get("more_body", False)
        return SocketDenied(first.get("status", 403), headers, body)

    async def _next(self) -> MutableMapping[str, Any]:
        """Return what the service sends next; raise what ended it instead, and TimeoutError for silence."""
        assert self._task is not None, "it was entered"
        coming = asyncio.ensure_future(self._to_client.get())
        both: tuple[asyncio.Future[Any], ...] = (coming, self._task)
        await asyncio.wait(both, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done() and self._task.done():
            self._task.result()
        if not coming.done():
            await asyncio.sleep(0)
        if coming.done():
            return coming.result()
        coming.cancel()
        raise TimeoutError(f"the service has sent nothing for {_PATIENCE:.0f} s")

    async def send(self, message: object) -> None:
        """Send a value as JSON. Raises SocketClosed."""
        await self.send_text(msgspec.json.encode(message).decode())

    async def send_text(self, text: str) -> None:
        """Send a text as it is. Raises SocketClosed."""
        if self._closed is not None:
            raise SocketClosed(self._closed)
        self._to_service.put_nowait({"type": "websocket.receive", "text": text})

    async def receive(self) -> Any:
        """Return the next message as plain values. Raises SocketClosed behind the last."""
        if self._closed is None:
            message = await self._next()
            if message["type"] == "websocket.send":
                return msgspec.json.decode(message["text"])
            self._closed = Close(message.get("code") or NO_STATUS, message.get("reason") or "")
            self._to_service.put_nowait({"type": "websocket.disconnect", "code": self._closed.code})
        raise SocketClosed(self._closed)

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the socket; nothing happens when it is closed already."""
        if self._closed is None:
            self._closed = Close(code, reason, is_ours=True)
            self._to_service.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
