"""Round-robin over connections that have sent more than a share of work: a share for each in turn."""

import asyncio
from collections import deque
from typing import Protocol

SHARE, LEAST = 3000, 200  # units of about a microsecond
MOST_BEHIND = 65_536  # bytes beyond which a connection is not read any more


class Worker(Protocol):
    """A connection; `queued` belongs to the scheduler."""

    queued: bool

    @property
    def waits(self) -> bool:
        """Return whether there is work that can be done."""

    def work(self, share: int) -> int:
        """Do a share of work; return its cost."""

    def give_up(self) -> None:
        """End the connection: processing its bytes failed."""


class Scheduler:
    """The connections of a process, or of a client, that have work left. Together they use a share in each turn."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: deque[Worker] = deque()
        self._called = False

    @property
    def share(self) -> int:
        """Return the share of one connection: the more connections wait, the smaller."""
        return max(LEAST, SHARE // (len(self._queue) + 1)) if self._queue else SHARE

    def add(self, worker: Worker) -> None:
        """Queue a connection that has work left."""
        if not worker.queued:
            worker.queued = True
            self._queue.append(worker)
            self._call()

    def _call(self) -> None:
        if not self._called:
            self._called = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._called = False
        queue, share, left = self._queue, self.share, SHARE
        for _ in range(len(queue)):
            worker = queue.popleft()
            left -= self._worked(worker, share)
            if worker.waits:
                queue.append(worker)
            else:
                worker.queued = False
            if left <= 0:
                break
        if queue:
            self._call()

    def _worked(self, worker: Worker, share: int) -> int:
        try:
            return worker.work(share) + 1
        except Exception as problem:  # one that fails must not keep the others waiting
            self._loop.call_exception_handler({"message": "what was received could not be read", "exception": problem})
            worker.give_up()
            return share
