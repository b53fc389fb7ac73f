"""The server of an HTTP service and its graceful stop: not ready, a wrap-up that still serves everything, a drain."""

import asyncio
import contextlib
import functools
import logging
import signal
import socket

from mallgen_runtime.http.app import App
from mallgen_runtime.http.connection import HttpConnection
from mallgen_runtime.http.tracker import ConnectionTracker
from mallgen_runtime.process import watch
from mallgen_runtime.process.address import HANDSHAKE_SECONDS, Door, Entering, close_door, joined
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.run import ENVIRONMENT, ignore_signals, take_signals
from mallgen_runtime.process.tls import TlsFiles
from mallgen_runtime.process.worker import this_worker

_LOG = logging.getLogger("mallgen.service")
_GIVEN_UP = 0.5
_BACKLOG = 2048


class HttpServer:
    """Serves on a socket until a signal comes.

    `wrap_up` seconds pass between the signal and the closed door; `wait` seconds, counted from the signal, are what
    requests in flight are given (0: as long as they need). A second signal ends the wrap-up, a third the drain, a
    fourth the closing of the service context.
    """

    def __init__(
        self, app: App, name: str, bound: socket.socket, wrap_up: float, wait: float, tls: TlsFiles | None = None
    ) -> None:
        self._app = app
        self._name = name
        self._bound = bound
        self._wrap_up = wrap_up
        self._tls = tls.context if tls else None
        self._drain = max(wait - wrap_up, 0.1) if wait else None
        self._stop, self._hurry, self._force, self._leave = (asyncio.Event() for _ in range(4))

    def _signalled(self, number: signal.Signals) -> None:
        self._app.stop()
        if self._force.is_set():
            self._leave.set()
        elif self._hurry.is_set():
            self._force.set()
        elif self._stop.is_set() or number == signal.SIGINT:  # Ctrl-C: nobody balances load to this process
            self._hurry.set()
        self._stop.set()

    def _failed(self) -> None:
        """Stop at once: a watched task has ended, so the process must be restarted."""
        self._app.stop()
        self._hurry.set()
        self._stop.set()

    async def run(self) -> int:
        """Serve until stopped; return the exit code. Raises ConfigError when the service refuses the settings."""
        loop = asyncio.get_running_loop()
        take_signals(loop, self._signalled)
        watch.take(self._failed)
        try:
            await self._app.open()
        except ConfigError:
            raise
        except Exception:
            _LOG.exception("the service context could not start")
            return ENVIRONMENT
        tracker = ConnectionTracker(loop)
        make = functools.partial(HttpConnection, self._app, tracker)
        connection = Entering(make) if self._tls else make
        door = Door(loop, self._bound, connection, self._tls)
        patience = HANDSHAKE_SECONDS if self._tls else None
        server = await loop.create_server(
            door, sock=self._bound, backlog=_BACKLOG, ssl=self._tls, ssl_handshake_timeout=patience
        )
        host, port = self._bound.getsockname()[:2]
        _LOG.info("%s listens on %s", self._name, joined(host, port))
        worker = this_worker()
        if worker is not None:
            worker.ready()
        await self._stop.wait()
        _LOG.info("%s is stopping", self._name)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), self._wrap_up)
        hurried = self._hurry.is_set()
        self._hurry.set()
        last = worker is None or worker.is_last
        await close_door(self._bound, server.close, connection, last=last, tls=self._tls)
        if worker is not None:
            worker.has_closed(last=last)
        await self._empty(tracker, hurried)
        await self._shut()
        ignore_signals()
        return watch.DIED if watch.lost() else 0

    async def _empty(self, tracker: ConnectionTracker, hurried: bool) -> None:
        """Wait for requests in flight, cancel those that take too long, then close all connections."""
        for connection in list(tracker.connections):
            connection.shutdown(hurried)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_first(tracker.empty(), self._force.wait()), self._drain)
        for connection in list(tracker.connections):
            connection.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(tracker.empty(), _GIVEN_UP)
        for connection in list(tracker.connections):
            connection.give_up()

    async def _shut(self) -> None:
        """Close the service context; a fourth signal does not wait for it."""
        closing = asyncio.ensure_future(self._app.shut())
        await _first(asyncio.wait([closing]), self._leave.wait())
        if not closing.done():
            return _LOG.error("the service context was not closed: a fourth signal ended the process")
        if (problem := closing.exception()) is not None:
            _LOG.error("the service context could not close", exc_info=problem)


async def _first(*waits: object) -> None:
    """Wait until one of several has ended; cancel the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]  # type: ignore[call-overload]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
