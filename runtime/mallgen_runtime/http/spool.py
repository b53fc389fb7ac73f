"""Bytes that are kept for one request: in memory while they are few, beyond that in a temporary file without a name."""

import asyncio
import os
import tempfile
import threading
from collections.abc import Callable
from typing import IO, TypeVar

T = TypeVar("T")
_WRITE = 256 << 10


class Spool:
    """One file for all that a request uploads, so that it costs one descriptor at most.

    Up to `memory` bytes stay in memory. The file has no name, so that no crash leaves it behind; `folder` says on
    which disk it lies, "" is the system's folder for temporary files. Reading and writing it is done in threads.
    """

    def __init__(self, memory: int, folder: str = "") -> None:
        self.size = 0
        self._memory = bytearray()
        self._most = memory
        self._folder = folder
        self._written = 0
        self._file: IO[bytes] | None = None
        self._busy = 0
        self._closed = False
        self._reads = threading.Lock()  # a read in a user's thread must not use the number of a file that was closed

    async def add(self, data: bytes) -> None:
        """Append bytes. Raises OSError when the disk is full."""
        self._memory += data
        self.size += len(data)
        if len(self._memory) > (self._most if self._file is None else _WRITE):
            await self._flush()

    async def complete(self) -> None:
        """Make everything readable: no more will be added."""
        if self._file is not None and self._memory:
            await self._flush()

    async def _flush(self) -> None:
        data, self._memory = self._memory, bytearray()
        await self.work(self._write, data)
        self._written += len(data)

    def _write(self, data: bytearray) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder or None, buffering=0)  # noqa: SIM115
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def take(self, start: int, count: int) -> bytes:
        """Return up to `count` bytes from `start`, reading where the caller is. Raises ValueError when closed."""
        with self._reads:
            if self._closed:
                raise ValueError(
                    "the request has ended, and its uploads with it: read or save them before it is answered"
                )
            if self._file is None:
                return bytes(self._memory[start : start + count])
            return os.pread(self._file.fileno(), count, start)

    async def read(self, start: int, count: int) -> bytes:
        """Return up to `count` bytes from `start`. Raises ValueError when closed."""
        return self.take(start, count) if self._file is None else await self.work(self.take, start, count)

    async def work(self, job: Callable[..., T], *args: object) -> T:
        """Run a job on the file in a thread. Who is cancelled does not wait; closing does."""
        running = asyncio.get_running_loop().run_in_executor(None, job, *args)
        self._busy += 1
        running.add_done_callback(self._done)
        return await asyncio.shield(running)

    def _done(self, running: "asyncio.Future[T]") -> None:
        self._busy -= 1
        if not running.cancelled():
            running.exception()  # who was cancelled does not fetch it
        if self._closed and not self._busy:
            self._release()

    def close(self) -> None:
        """Give the disk and the memory back, once what still runs has ended."""
        self._closed = True
        if not self._busy:
            self._release()

    def _release(self) -> None:
        with self._reads:
            self._memory = bytearray()
            if self._file is not None:
                self._file.close()
