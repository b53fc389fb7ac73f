"""The place of one worker among several: its listening socket, and a process that serves there, whatever ends it."""

import asyncio
import contextlib
import logging
import os
import select
import signal
import socket
import sys
import time

from mallgen_runtime.process.address import admit_no_more, listening
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.relay import Relay
from mallgen_runtime.process.worker import LAST, LEFT, READY, TAKEN, told

START_SECONDS = 60.0
YOUNG, FIRST_PAUSE, LONGEST_PAUSE = 10.0, 0.5, 30.0
_DOUBLINGS = 16  # of a pause; more would only make a number that is too large
_LET_GO = 2.0  # seconds without a worker after which its socket takes no more connections
_HANDSHAKE = 0.1
_LOG = logging.getLogger("mallgen.service")


class WorkerProcess:
    """A started worker: `is_ready` is set when it serves, `ended` when it is gone; `news` is set for all it says."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        bound: socket.socket,
        channel: socket.socket,
        patience: float | None,
        news: asyncio.Event,
    ) -> None:
        self.process = process
        self.pid = process.pid
        self.bound = bound  # its place has another one after it was let go
        self.is_ready = asyncio.Event()
        self.leaves = False
        self.has_closed = self.has_taken = False  # its door; who waited there
        self._news = news
        self._ready_at = 0.0
        self._patience = patience
        self._channel = channel
        channel.setblocking(False)
        asyncio.get_running_loop().add_reader(channel, self._heard)
        self.ended = asyncio.ensure_future(self._wait())

    @property
    def dies_young(self) -> bool:
        """Return whether it has not served for long, however long its start took."""
        return not self.is_ready.is_set() or time.monotonic() - self._ready_at < YOUNG

    def _heard(self) -> None:
        said = b""
        with contextlib.suppress(OSError):
            said = self._channel.recv(1)
        self._news.set()
        if said == READY:
            self._ready_at = time.monotonic()
            return self.is_ready.set()
        self.has_closed, self.has_taken = said in (TAKEN, LEFT), said == TAKEN
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

    def tell_last(self) -> None:
        """Tell it that no successor accepts from its socket."""
        with contextlib.suppress(OSError):  # it has closed its end
            self._channel.send(LAST)

    def signal(self, number: int) -> None:
        """Send a signal, unless it has ended; it is killed when it does not end in its time."""
        if not self.leaves and self._patience is not None:
            asyncio.get_running_loop().call_later(self._patience, self._kill)
        self.leaves = True
        _send(self.process, number)

    def _kill(self) -> None:
        if not self.ended.done():
            _LOG.error("process %d does not end; it is killed", self.pid)
            self.signal(signal.SIGKILL)


class Crew:
    """The things that the workers of a service share: their address, and the end of all of them.

    `patience` is the time in seconds that a worker may take to end, None: as long as it needs.
    """

    def __init__(self, host: str, relay: Relay, patience: float | None) -> None:
        self.host = host
        self.port = 0
        self.folder = ""
        self.relay = relay
        self.patience = patience
        self.stopping = asyncio.Event()
        self.sockets: set[int] = set()  # the numbers of the places that listen


class WorkerPlace:
    """Keeps one worker running. Whatever is to be started is started by its `keep` alone, one after the other."""

    def __init__(self, number: int, crew: Crew) -> None:
        self._number = number
        self._crew = crew
        self._bound: socket.socket | None = None
        self._workers: set[WorkerProcess] = set()  # all that have not ended
        self._worker: WorkerProcess | None = None
        self._deaths = 0
        self._asked: asyncio.Future[bool] | None = None
        self._news = asyncio.Event()
        self._code = 0
        self._stops: set[asyncio.Future[None]] = set()

    async def first(self) -> WorkerProcess:
        """Start the first worker. Raises ConfigError for an address that is taken, OSError without a process."""
        self._worker = await self._start()
        return self._worker

    async def keep(self) -> int:
        """Keep a worker running until all stop, and return the exit code of the first one that failed then."""
        while not self._crew.stopping.is_set():
            self._news.clear()
            if self._asked is not None:
                await self._replace(self._asked)
            elif self._worker is None:
                await self._begin()
            elif self._worker.ended.done():
                await self._died(self._worker)
            else:
                await self._news.wait()
        while not self._is_closed():
            self._news.clear()
            await self._news.wait()
        if self._bound is not None and not any(worker.has_taken for worker in self._accepting()):
            await self._serve_who_waits(self._bound)
        self._close()
        while self._workers:
            await asyncio.wait([worker.ended for worker in self._workers])
            await asyncio.sleep(0)  # their callbacks take them out
        return self._code

    async def replaced(self) -> bool:
        """Let a successor take the worker's place, and wait for it; False: it does not start, and the old one stays."""
        self._asked = asyncio.get_running_loop().create_future()
        self._news.set()
        return await self._asked

    def stop(self, number: int, *, again: bool) -> None:
        """Pass a signal on."""
        self._news.set()
        for worker in list(self._workers):
            worker.tell_last()
            if again or (worker.is_ready.is_set() and not worker.leaves):
                worker.signal(number)
            elif not worker.leaves:
                self._stop_once_ready(worker)

    async def _start(self) -> WorkerProcess:
        if self._bound is None:
            self._bound = listening(self._crew.host, self._crew.port, shared=True)
            self._crew.sockets.add(self._number)
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *sys.orig_argv[1:],
                env=told(self._number, self._bound, theirs, self._crew.folder),
                pass_fds=(self._bound.fileno(), theirs.fileno()),
                process_group=0,  # Ctrl-C is for the supervisor, which passes it on
            )
            undo.pop_all()
        return self._entered(WorkerProcess(process, self._bound, ours, self._crew.patience, self._news))

    def _entered(self, worker: WorkerProcess) -> WorkerProcess:
        self._workers.add(worker)
        self._crew.relay.add(self._number, worker.pid)
        worker.ended.add_done_callback(lambda ended: self._left(worker))
        if self._crew.stopping.is_set():  # it came while the process was made
            self._end_as_last(worker)
        return worker

    def _left(self, worker: WorkerProcess) -> None:
        self._workers.discard(worker)
        self._crew.relay.remove(worker.pid)
        if self._crew.stopping.is_set():
            self._code = self._code or worker.ended.result()
        self._news.set()

    def _end_as_last(self, worker: WorkerProcess) -> None:
        """Let a worker that was just started serve the connections that wait at its socket, and then end."""
        worker.tell_last()
        self._stop_once_ready(worker)

    def _stop_once_ready(self, worker: WorkerProcess) -> None:
        """Stop a worker that still starts: connections wait for it already, and it must answer them."""

        async def stop() -> None:
            await worker.started()
            worker.signal(signal.SIGTERM)

        self._stops.add(asyncio.ensure_future(stop()))

    async def _begin(self) -> None:
        """Start a worker; where the system has no process or descriptor for it now, wait for a moment."""
        self._worker = await self._tried()
        if self._worker is None:
            await self._rest(FIRST_PAUSE)

    async def _tried(self) -> WorkerProcess | None:
        try:
            return await self._start()
        except (OSError, ConfigError) as problem:
            _LOG.error("worker %d cannot be started: %s", self._number, problem)
            return None

    async def _died(self, worker: WorkerProcess) -> None:
        """Make way for another worker, after a pause that grows while they die young."""
        self._worker = None
        self._deaths = self._deaths + 1 if worker.dies_young else 1
        doubled = min(self._deaths - 2, _DOUBLINGS)
        pause = min(FIRST_PAUSE * 2**doubled, LONGEST_PAUSE) if self._deaths > 1 else 0.0
        text = "worker %d (process %d) ended with %d; another follows in %g s"
        _LOG.error(text, self._number, worker.pid, worker.ended.result(), pause)
        if pause >= _LET_GO and len(self._crew.sockets) > 1 and self._bound is not None:
            await self._let_go(self._bound)
        await self._rest(pause)

    async def _let_go(self, bound: socket.socket) -> None:
        """Close the socket of this place until a successor starts. Connections that wait at it are served first."""
        last = await self._serve_who_waits(bound)
        if last is not None and not self._crew.stopping.is_set():
            self._end_as_last(last)
        self._close()

    async def _rest(self, seconds: float) -> None:
        """Wait; no longer when all stop, or when a successor is asked for: what made them die may be mended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._crew.stopping.is_set() and self._asked is None:
                    self._news.clear()
                    await self._news.wait()

    async def _replace(self, asked: asyncio.Future[bool]) -> None:
        """Start a successor; when it serves, the worker ends, else the successor does."""
        old, fresh = self._worker, await self._tried()
        serves = fresh is not None and await fresh.started()
        self._asked = None
        if fresh is not None and serves:
            self._worker, self._deaths = fresh, 0
            if old is not None:
                await self._relieve(old)
        elif fresh is not None and not self._crew.stopping.is_set():
            fresh.signal(signal.SIGKILL)
            await asyncio.wait([fresh.ended])
        if not asked.done():
            asked.set_result(serves)

    async def _relieve(self, old: WorkerProcess) -> None:
        """End a worker whose successor serves."""
        if old.ended.done():
            text = "worker %d (process %d) ended with %d while its successor started"
            return _LOG.error(text, self._number, old.pid, old.ended.result())
        await self._crew.relay.look(old.pid)
        if not old.leaves:
            old.signal(signal.SIGTERM)
        while not (old.ended.done() or self._crew.stopping.is_set()):
            self._news.clear()
            await self._news.wait()

    def _accepting(self) -> list[WorkerProcess]:
        """Return the workers that have the socket of the place, and not one that was let go."""
        return [worker for worker in self._workers if worker.bound is self._bound]

    def _is_closed(self) -> bool:
        """Return whether a worker has let in all that waited at the socket, or none accepts from it any more."""
        workers = self._accepting()
        return any(worker.has_taken for worker in workers) or all(worker.has_closed for worker in workers)

    async def _serve_who_waits(self, bound: socket.socket) -> WorkerProcess | None:
        """Start one more worker if connections wait at a socket without a worker. Return it, or None."""
        admit_no_more(bound)
        if not _has_waiting(bound):
            await asyncio.sleep(_HANDSHAKE)
        return await self._tried() if _has_waiting(bound) else None

    def _close(self) -> None:
        if self._bound is not None:
            self._bound.close()
            self._bound = None
            self._crew.sockets.discard(self._number)


def _send(process: asyncio.subprocess.Process, number: int) -> None:
    """Send a signal, unless the process has ended.

    Before Python 3.12.9 and 3.13.2 asyncio's own way looks for the end of the process, and takes its exit code away
    from the one who waits for it, which then is 255.
    """
    if process.returncode is None:
        with contextlib.suppress(OSError):
            os.kill(process.pid, number)


def _has_waiting(bound: socket.socket) -> bool:
    found = select.poll()
    found.register(bound, select.POLLIN)
    return bool(found.poll(0))
