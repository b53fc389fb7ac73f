"""uvicorn's HTTP protocol with a limit on the size of a request's head and on the time it may take.

uvicorn has neither for httptools: a client could send headers for ever, or never finish them.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 << 10
HEAD_SECONDS = 10.0
LINGER_SECONDS = 0.3
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class LimitedProtocol(HttpToolsProtocol):
    """Counts what arrives before a request's headers are complete, and watches the clock."""

    _bytes = 0
    _begun = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client has come: its first request must begin."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a head or of a body."""
        super().data_received(data)
        if self._timer is None:
            return
        self._bytes += len(data)
        if self._bytes > HEAD_BYTES:
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins, maybe on a connection that was kept."""
        super().on_message_begin()
        self._begun = True
        self._watch()

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._unwatch()
        super().on_headers_complete()

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
