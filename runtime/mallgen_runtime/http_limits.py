"""uvicorn's HTTP protocol with limits on a request's head, on its time, and on what comes after the answer.

uvicorn has none for httptools: a client could send headers for ever, never finish them, or pour out a refused body.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 << 10
HEAD_SECONDS = 10.0
LINGER_SECONDS = 0.3
SPILL_BYTES, SPILL_SECONDS = 1 << 20, 2.0
_HEADER_OVERHEAD = 32  # as HTTP/2 counts a header, RFC 9113 section 6.5.2
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class LimitedProtocol(HttpToolsProtocol):
    """Counts what arrives before a request's headers are complete, and watches the clock."""

    _bytes = 0
    _begun = False
    _timer: asyncio.TimerHandle | None = None
    _head = 0
    _spilt: int | None = None
    _spill_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client has come: its first request must begin."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._unwatch()
        self._dry()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a head or of a body."""
        super().data_received(data)
        if self._spilt is not None:
            self._spilt += len(data)
            if self._spilt > SPILL_BYTES:
                self._abandon()
        if self._timer is None:
            return
        self._bytes += len(data)
        if self._bytes > HEAD_BYTES:
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins, maybe on a connection that was kept."""
        super().on_message_begin()
        self._begun = True
        self._head = 0
        self._watch()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, complete; beyond the limit it is only counted."""
        self._head += len(name) + len(value) + _HEADER_OVERHEAD
        if self._head <= HEAD_BYTES:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._unwatch()
        app = self.app
        if len(self.url) > HEAD_BYTES // 2:
            self.url, self.app = b"/", _answering(414)
        elif self._head > HEAD_BYTES:
            self.app = _answering(431)
        super().on_headers_complete()
        self.app = app

    def on_message_complete(self) -> None:
        """The body is complete, maybe after its answer."""
        super().on_message_complete()
        if self._spilt is not None:
            self._dry()
            # uvicorn's own timer ended when the rest of the body came
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        """An answer is out. A body that still comes is let run out for a moment: closing now could lose the answer."""
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body and not self.transport.is_closing():
            self._spilt = 0
            self._spill_timer = self.loop.call_later(SPILL_SECONDS, self._abandon)

    def _dry(self) -> None:
        self._spilt = None
        if self._spill_timer is not None:
            self._spill_timer.cancel()
            self._spill_timer = None

    def _abandon(self) -> None:
        self._dry()
        if not self.transport.is_closing():
            self.transport.close()

    def shutdown(self) -> None:
        """The door is closed. Who is silent is given a moment: its next request may be on the way."""
        if self.cycle is None or self.cycle.response_complete:
            self._unset_keepalive_if_required()
            self.loop.call_later(LINGER_SECONDS, self._leave)
        else:
            self.cycle.keep_alive = False

    def _leave(self) -> None:
        in_head = self._begun and self._timer is not None
        in_flight = self.cycle is not None and not self.cycle.response_complete
        if not in_head and not in_flight and not self.transport.is_closing():
            self.transport.close()

    def _watch(self) -> None:
        if self._timer is None:
            self._bytes = 0
            self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        self._refuse(_TOO_LATE if self._begun else b"")

    def _refuse(self, answer: bytes) -> None:
        self._unwatch()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()


def _answering(status: int) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"0"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return app
