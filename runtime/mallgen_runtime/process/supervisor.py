"""Several processes of one service: started, watched, replaced one after the other, and stopped together.

The listening sockets are the supervisor's, one for each worker (SO_REUSEPORT): a worker that has ended loses no
connection, because its successor has the same socket.
"""

import asyncio
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Sequence

from mallgen_runtime.process.address import joined, listening
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.keeper import Crew, WorkerPlace
from mallgen_runtime.process.relay import Relay, RelayedServer
from mallgen_runtime.process.run import ENVIRONMENT, ignore_signals, take_signals

_AFTER = 5.0  # seconds beyond the time that requests are given, in which a worker closes what it has open
_LOG = logging.getLogger("mallgen.service")


class Supervisor:
    """Keeps `count` workers of the service `name` on one address; `servers` are the dev servers they share.

    A worker that has not ended `wait` seconds after its signal, and some for closing, is killed; 0: never.
    """

    def __init__(
        self, name: str, address: tuple[str, int], count: int, servers: Sequence[RelayedServer], wait: float = 0.0
    ) -> None:
        self._name = name
        self._port = address[1]
        self._relay = Relay(servers)
        self._crew = Crew(address[0], self._relay, wait + _AFTER if wait else None)
        self._places = [WorkerPlace(number, self._crew) for number in range(count)]
        self._asked_again = False
        self._rolling: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Serve until a signal stops all workers; return the exit code. Raises ConfigError for a taken address."""
        take_signals(asyncio.get_running_loop(), self._stop, {signal.SIGHUP: self._roll})
        self._find_port()
        with tempfile.TemporaryDirectory(prefix="mallgen-") as self._crew.folder:
            await self._relay.start(self._crew.folder)
            code = await self._serve()
            await self._relay.stop()
        ignore_signals([signal.SIGHUP])
        return code

    def _find_port(self) -> None:
        """Find out whether the address is free, and which port it is when the settings have none."""
        with listening(self._crew.host, self._port) as probe:
            self._crew.port = probe.getsockname()[1]

    async def _serve(self) -> int:
        """Start one worker, which tells what is wrong with the settings, then the others; return the exit code."""
        try:
            first = await self._places[0].first()
        except OSError as problem:
            raise ConfigError(f"no process can be started: {problem}") from None
        if not await first.started():
            asked = self._crew.stopping.is_set()
            self._crew.stopping.set()
            first.signal(signal.SIGTERM)
            return await first.ended or (0 if asked else ENVIRONMENT)
        _LOG.info("%s: %d workers on %s", self._name, len(self._places), joined(self._crew.host, self._crew.port))
        codes = await asyncio.gather(*(place.keep() for place in self._places))
        if self._rolling is not None:
            self._rolling.cancel()
        return next((code for code in codes if code), 0)

    def _stop(self, number: int) -> None:
        again = self._crew.stopping.is_set()
        self._crew.stopping.set()
        for place in self._places:
            place.stop(number, again=again)

    def _roll(self) -> None:
        """Replace all workers; asked while that is done, once more: what some of them have may have changed since."""
        if self._rolling is not None and not self._rolling.done():
            self._asked_again = True
        elif not self._crew.stopping.is_set():
            self._rolling = asyncio.ensure_future(self._replace_all())

    async def _replace_all(self) -> None:
        """Replace the workers one after the other, each when its successor serves; stop at one that does not."""
        self._asked_again = True
        while self._asked_again and not self._crew.stopping.is_set():
            self._asked_again = False
            _LOG.info("%s replaces its workers", self._name)
            for number, place in enumerate(self._places):
                if not await place.replaced():
                    if not self._crew.stopping.is_set():
                        _LOG.error("worker %d is not replaced: its successor does not start", number)
                    break
            else:
                _LOG.info("%s has replaced its workers", self._name)


def supervise(
    name: str, address: tuple[str, int], count: int, servers: Sequence[RelayedServer], wait: float = 0.0
) -> int:
    """Run a service as several processes; return the exit code. Raises ConfigError where that cannot be."""
    if not hasattr(socket, "SO_REUSEPORT") or not hasattr(os, "fork"):
        raise ConfigError("Workers needs a system with SO_REUSEPORT; leave it at 1 here")

    async def main() -> int:
        return await Supervisor(name, address, count, servers, wait).run()

    return asyncio.run(main())
