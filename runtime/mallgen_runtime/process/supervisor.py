"""Several processes of one service: started, watched, replaced one after the other, and stopped together.

The listening sockets are the supervisor's, one for each worker (SO_REUSEPORT): a worker that has ended loses no
connection, because its successor has the same socket.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence

from mallgen_runtime.process.address import joined, listening
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.relay import Relay, RelayedServer
from mallgen_runtime.process.run import ENVIRONMENT, take_signals
from mallgen_runtime.process.worker import LAST, READY, told

START_SECONDS = 60.0
YOUNG, FIRST_PAUSE, LONGEST_PAUSE = 10.0, 0.5, 30.0
_LET_GO = 2.0  # seconds without a worker after which its socket takes no more connections
_LOG = logging.getLogger("mallgen.service")


class WorkerProcess:
    """A started worker: `is_ready` is set when it serves, `ended` when it is gone."""

    def __init__(self, process: asyncio.subprocess.Process, channel: socket.socket) -> None:
        self.process = process
        self.pid = process.pid
        self.born = time.monotonic()
        self.is_ready = asyncio.Event()
        self.leaves = False
        self._channel = channel
        channel.setblocking(False)
        asyncio.get_running_loop().add_reader(channel, self._heard)
        self.ended = asyncio.ensure_future(self._wait())

    def _heard(self) -> None:
        with contextlib.suppress(OSError):
            if self._channel.recv(1) == READY:
                return self.is_ready.set()
        asyncio.get_running_loop().remove_reader(self._channel)

    async def _wait(self) -> int:
        code = await self.process.wait()
        asyncio.get_running_loop().remove_reader(self._channel)
        self._channel.close()
        return code

    async def started(self) -> bool:
        """Wait until it serves; return False when it has ended before, or takes longer than a minute."""
        ready = asyncio.ensure_future(self.is_ready.wait())
        await asyncio.wait((ready, self.ended), timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        return self.is_ready.is_set() and not self.ended.done()

    def signal(self, number: int, *, last: bool = False) -> None:
        """Send a signal, unless it has ended; `last`: no successor accepts from its socket."""
        self.leaves = True
        if last:
            with contextlib.suppress(OSError):  # it has closed its end: the signal is for it nevertheless
                self._channel.send(LAST)
        with contextlib.suppress(OSError):
            self.process.send_signal(number)


class Supervisor:
    """Keeps `count` workers of the service `name` on one address; `servers` are the dev servers they share."""

    def __init__(self, name: str, address: tuple[str, int], count: int, servers: Sequence[RelayedServer]) -> None:
        self._name = name
        self._host, self._port = address
        self._count = count
        self._relay = Relay(servers)
        self._folder = ""
        self._sockets: list[socket.socket | None] = []
        self._workers: list[WorkerProcess | None] = [None] * count
        self._all: set[WorkerProcess] = set()
        self._stopping = asyncio.Event()
        self._stops: set[asyncio.Future[None]] = set()
        self._rolling: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Serve until a signal stops all workers; return the exit code. Raises ConfigError for a taken address."""
        loop = asyncio.get_running_loop()
        take_signals(loop, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._roll)
        self._open()
        with tempfile.TemporaryDirectory(prefix="mallgen-") as self._folder:
            await self._relay.start(self._folder)
            code = await self._serve()
            await self._relay.stop()
        return code

    async def _serve(self) -> int:
        first = await self._start(0)
        if not await first.started():
            asked = self._stopping.is_set()
            self._stop(signal.SIGTERM)
            return await first.ended or (0 if asked else ENVIRONMENT)
        _LOG.info("%s: %d workers on %s", self._name, self._count, joined(self._host, self._port))
        keepers = [asyncio.ensure_future(self._keep(0, first))]
        keepers += [asyncio.ensure_future(self._keep(number)) for number in range(1, self._count)]
        await self._stopping.wait()
        if self._rolling is not None:
            self._rolling.cancel()
        codes = await asyncio.gather(*(worker.ended for worker in self._all))
        for keeper in keepers:
            keeper.cancel()
        return next((code for code in codes if code), 0)

    def _open(self) -> None:
        """Open a socket for each worker; the first one finds out whether the address is free."""
        with listening(self._host, self._port) as probe:
            self._port = probe.getsockname()[1]
        self._sockets = [listening(self._host, self._port, shared=True) for _ in range(self._count)]

    def _stop(self, number: int) -> None:
        """Pass a signal on; the workers' descriptors are the last ones then, so that they close the door."""
        again = self._stopping.is_set()
        self._stopping.set()
        for found in self._sockets:
            if found is not None:
                found.close()
        self._sockets = [None] * self._count
        for worker in self._all:
            if worker.is_ready.is_set() or again:
                worker.signal(number, last=True)
            else:
                self._stop_once_ready(worker)

    async def _start(self, number: int) -> WorkerProcess:
        bound = self._sockets[number]
        if bound is None:
            bound = self._sockets[number] = listening(self._host, self._port, shared=True)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *sys.orig_argv[1:],
                    env=told(number, bound, theirs, self._folder),
                    pass_fds=(bound.fileno(), theirs.fileno()),
                    process_group=0,  # Ctrl-C is for the supervisor, which passes it on
                )
            except BaseException:
                ours.close()
                raise
        worker = WorkerProcess(process, ours)
        self._workers[number] = worker
        self._all.add(worker)
        self._relay.add(number, worker.pid)
        if self._stopping.is_set():
            self._stop_once_ready(worker)
        return worker

    def _stop_once_ready(self, worker: WorkerProcess) -> None:
        """Stop a worker that still starts: connections wait for it already, and it must answer them."""

        async def stop() -> None:
            await worker.started()
            worker.signal(signal.SIGTERM, last=True)

        self._stops.add(asyncio.ensure_future(stop()))

    async def _keep(self, number: int, worker: WorkerProcess | None = None) -> None:
        """Keep a worker running: one that ends by itself is replaced, with a pause that grows while it dies young."""
        deaths = 0
        while not self._stopping.is_set():
            worker = worker or await self._started(number)
            if worker is None:
                await self._rest(FIRST_PAUSE)
                continue
            code = await asyncio.shield(worker.ended)
            self._gone(worker)
            if self._stopping.is_set():
                return
            if worker.leaves:
                worker = self._workers[number]
                continue
            deaths = deaths + 1 if time.monotonic() - worker.born < YOUNG else 1
            pause = min(FIRST_PAUSE * 2 ** (deaths - 2), LONGEST_PAUSE) if deaths > 1 else 0.0
            _LOG.error("worker %d (process %d) ended with %d; another follows in %g s", number, worker.pid, code, pause)
            if pause >= _LET_GO:
                self._let_go(number)
            await self._rest(pause)
            worker = None

    async def _started(self, number: int) -> WorkerProcess | None:
        """Start a worker; None where the system has no process or descriptor for it now."""
        try:
            return await self._start(number)
        except (OSError, ConfigError) as problem:
            _LOG.error("worker %d cannot be started: %s", number, problem)
            return None

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _gone(self, worker: WorkerProcess) -> None:
        self._all.discard(worker)
        self._relay.remove(worker.pid)

    def _let_go(self, number: int) -> None:
        """Close a socket that nobody accepts from, when others do: its connections would wait."""
        bound = self._sockets[number]
        if bound is not None and sum(found is not None for found in self._sockets) > 1:
            bound.close()
            self._sockets[number] = None

    def _roll(self) -> None:
        if self._stopping.is_set() or (self._rolling is not None and not self._rolling.done()):
            return
        self._rolling = asyncio.ensure_future(self._replace_all())

    async def _replace_all(self) -> None:
        """Replace the workers one after the other, each when its successor serves; stop at one that does not."""
        _LOG.info("%s replaces its workers", self._name)
        for number in range(self._count):
            old = self._workers[number]
            fresh = await self._started(number)
            if fresh is None or not await fresh.started():
                self._not_replaced(number, old, fresh)
                return
            if old is not None and not old.ended.done():
                await self._relay.look(old.pid)
                old.signal(signal.SIGTERM)
                await asyncio.shield(old.ended)
        _LOG.info("%s has replaced its workers", self._name)

    def _not_replaced(self, number: int, old: WorkerProcess | None, fresh: WorkerProcess | None) -> None:
        if fresh is not None:
            fresh.signal(signal.SIGKILL)
            self._gone(fresh)
        self._workers[number] = old
        _LOG.error("worker %d is not replaced: its successor does not start", number)


def supervise(name: str, address: tuple[str, int], count: int, servers: Sequence[RelayedServer]) -> int:
    """Run a service as several processes; return the exit code. Raises ConfigError where that cannot be."""
    if not hasattr(socket, "SO_REUSEPORT") or not hasattr(os, "fork"):
        raise ConfigError("Workers needs a system with SO_REUSEPORT; leave it at 1 here")

    async def main() -> int:
        return await Supervisor(name, address, count, servers).run()

    return asyncio.run(main())
