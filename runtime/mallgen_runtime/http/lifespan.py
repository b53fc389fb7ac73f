"""The life of a service under another ASGI server: settings that are the server's there, logs, start, signals, end."""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

from mallgen_runtime.http.asgi import AsgiStreams
from mallgen_runtime.http.conf import RestConf
from mallgen_runtime.http.messages import Receive, Send
from mallgen_runtime.process import logs
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.run import STOPPING

_LOG = logging.getLogger("mallgen.service")


class Lasting(Protocol):
    """An application that opens and shuts."""

    config: RestConf
    streams: AsgiStreams

    async def open(self, *, alone: bool = True) -> None:
        """Open it. Raises ConfigError."""

    async def shut(self) -> None:
        """Close it."""

    def stop(self) -> None:
        """Begin to stop."""


async def last(app: Lasting, receive: Receive, send: Send) -> None:
    """Serve the scope `lifespan`: open the application, close it when the server says so."""
    await receive()
    try:
        _take_over_logs(app.config)
        _look_at(app.config)
        await app.open(alone=False)
    except ConfigError as problem:
        await send({"type": "lifespan.startup.failed", "message": str(problem)})
        return
    except Exception as problem:
        _LOG.exception("the service context could not start")
        await send({"type": "lifespan.startup.failed", "message": f"{type(problem).__name__}: {problem}"})
        return
    signals = SharedSignals(asyncio.get_running_loop(), lambda: _stop(app))
    signals.take()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    signals.give_back()
    try:
        await app.shut()
    except Exception as problem:
        _LOG.exception("the service context could not close")
        await send({"type": "lifespan.shutdown.failed", "message": f"{type(problem).__name__}: {problem}"})
        return
    await send({"type": "lifespan.shutdown.complete"})


def _stop(app: Lasting) -> None:
    app.stop()
    app.streams.end()


def _look_at(config: RestConf) -> None:
    """Tell of settings that the server has of its own. Raises ConfigError where to ignore them would not be safe."""
    given = {"CertFile": config.cert_file, "KeyFile": config.key_file, "ClientCAFile": config.client_ca_file}
    tls = [name for name, value in given.items() if value]
    if tls:
        raise ConfigError(
            f"{', '.join(tls)}: TLS is the server's that runs the service; set it there, and remove it here"
        )
    if config.workers > 1:
        _LOG.warning("Workers: %d has no effect: the server that runs the service has its own number", config.workers)


def _take_over_logs(config: RestConf) -> None:
    """Write the log as the settings say, unless the server or the user has given the root logger another way."""
    if not logging.getLogger().handlers:
        logs.set_up(config.log, config.name)


class SharedSignals:
    """Hears the signals that stop the process before the server, which does not tell of them, acts on them.

    What the server has set up for a signal still happens. A signal that nobody handles is left alone.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, heard: Callable[[], None]) -> None:
        self._loop = loop
        self._heard = heard
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def take(self) -> None:
        """Listen from now on; elsewhere than in the main thread Python has no signals."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in STOPPING:
            before = signal.getsignal(number)
            if callable(before):
                self._before[number] = before
                signal.signal(number, self._handle)

    def give_back(self) -> None:
        """Put back what was there, unless the server has done so."""
        for number, before in self._before.items():
            if signal.getsignal(number) == self._handle:
                signal.signal(number, before)
        self._before = {}

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._heard)
        before = self._before.get(number)
        if before is not None:
            before(number, frame)
