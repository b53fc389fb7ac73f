"""uvicorn as a service stops it: ready no more, a wrap-up in which everything is still served, then a drain."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator

import uvicorn

from mallgen_runtime import watch
from mallgen_runtime.app import App
from mallgen_runtime.conf import RestConf
from mallgen_runtime.discovery.address import close_door
from mallgen_runtime.http_limits import LimitedProtocol
from mallgen_runtime.process import STOPPING, take_signals

_LOG = logging.getLogger("mallgen.service")


class HttpServer(uvicorn.Server):
    """uvicorn closes idle connections at once, forgets those it has not accepted yet, and raises the signal again.

    `wrap_up` seconds pass between the signal and the closed door; `wait` seconds, counted from the signal, are what
    requests in flight are given (0: as long as they need). A second signal ends the wrap-up, a third the drain.
    """

    def __init__(self, app: App, config: RestConf, bound: socket.socket, wrap_up: float, wait: float) -> None:
        drain = max(wait - wrap_up, 0.1) if wait else None
        super().__init__(
            uvicorn.Config(
                app,
                http=LimitedProtocol,
                ws="none",
                log_config=None,
                access_log=False,
                proxy_headers=False,  # who is believed is a setting: TrustedProxies
                server_header=False,
                lifespan="on",
                # whole seconds in uvicorn's annotation, but it only hands the number to asyncio.wait_for
                timeout_graceful_shutdown=drain,  # type: ignore[arg-type]
                limit_concurrency=None,
            )
        )
        self._app = app
        self._name = config.name
        self._bound = bound
        self._wrap_up = wrap_up
        self._hurry = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals for ourselves: uvicorn would raise them again, and the exit code would be 143."""
        loop = asyncio.get_running_loop()
        take_signals(loop, self._signalled)
        watch.take(self._failed)
        try:
            yield
        finally:
            for number in STOPPING:
                loop.remove_signal_handler(number)

    def _signalled(self, number: signal.Signals) -> None:
        if self._hurry.is_set():
            self.force_exit = True
        elif self.should_exit or number == signal.SIGINT:  # Ctrl-C: nobody balances load to this process
            self._hurry.set()
        self.should_exit = True
        self._app.stop()

    def _failed(self) -> None:
        """A part has ended that must not: stop at once, so that the process is started anew."""
        self._hurry.set()
        self.should_exit = True
        self._app.stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say where. Raises ConfigError when the settings kept the service context from opening."""
        try:
            await super().startup(sockets)
        except SystemExit:  # uvicorn's way to say that the application did not start
            if self._app.refused is not None:
                raise self._app.refused from None
            raise
        if self.started:
            host, port = self._bound.getsockname()[:2]
            _LOG.info("%s listens on %s:%s", self._name, host, port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wrap up, take what has knocked, close the door, drain."""
        _LOG.info("%s is stopping", self._name)
        self._app.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), self._wrap_up)
        self._hurry.set()
        await close_door(self._bound, self._let_go, self._protocol)
        await super().shutdown(sockets)

    def _let_go(self) -> None:
        for server in self.servers:
            server.close()

    def _protocol(self) -> asyncio.Protocol:
        return LimitedProtocol(self.config, self.server_state, self.lifespan.state)
