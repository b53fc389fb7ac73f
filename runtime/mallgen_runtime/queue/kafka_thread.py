"""A thread that alone touches a consumer of librdkafka, which blocks and is not safe for several threads."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, TypeVar

from mallgen_runtime.queue.errors import QueueError

T = TypeVar("T")


class _Job(NamedTuple):
    """A call for the thread; one that is `alone` does not run inside of another."""

    run: Callable[[], Any]
    future: "asyncio.Future[Any]"
    alone: bool


class ClientThread:
    """Runs jobs one after another. A job may wait for a coroutine of the event loop, which may give it jobs again."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._later: deque[_Job] = deque()
        self._stopped = False
        self._thread = Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    async def call(self, job: Callable[[], T], *, alone: bool = False) -> T:
        """Run a job and return its result. A caller that is cancelled leaves it running. Raises what it raises."""
        if self._stopped:
            raise QueueError("the connection to Kafka is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(job, future, alone))
        return await future

    def post(self, job: Callable[[], object]) -> None:
        """Run a job that raises nothing, some time before the next one."""
        if not self._stopped:
            self._jobs.put(_Job(job, self._loop.create_future(), alone=False))

    def stop(self) -> None:
        """End the thread once it is idle."""
        self._stopped = True
        self._jobs.put(None)

    def run_waiting(self) -> None:
        """Run the jobs that wait, from inside of one that takes long."""
        with contextlib.suppress(Empty):
            while True:
                self._nested(self._jobs.get_nowait())

    def wait_for(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the event loop, from inside of a job, and serve the jobs it gives meanwhile."""
        task = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        task.add_done_callback(lambda _: self._jobs.put(None))
        while not task.done():
            self._nested(self._jobs.get())
        return task.result()

    def _nested(self, job: _Job | None) -> None:
        if job is None:
            return
        if job.alone:
            self._later.append(job)
        else:
            self._run(job)

    def _serve(self) -> None:
        while True:
            job = self._later.popleft() if self._later else self._jobs.get()
            if job is not None:
                self._run(job)
            elif self._stopped:
                return

    def _run(self, job: _Job) -> None:
        try:
            result = job.run()
        except Exception as problem:
            self._tell(job.future, problem, None)
        else:
            self._tell(job.future, None, result)

    def _tell(self, future: "asyncio.Future[Any]", problem: Exception | None, result: object) -> None:
        # The loop is closed when a process ends in the middle: nobody waits any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_set, future, problem, result)


def _set(future: "asyncio.Future[Any]", problem: Exception | None, result: object) -> None:
    if future.done():
        return
    if problem is None:
        future.set_result(result)
    else:
        future.set_exception(problem)
