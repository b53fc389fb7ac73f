"""Writes log lines in a thread of its own: a slow reader of the log delays no request."""

import os
import select
import stat
import sys
import threading
import time
from collections.abc import Callable

QUEUE_BYTES = 4 << 20
PAUSE = 0.005  # lines that come within it are written together: a thread that wakes for each would cost more
FLUSH_SECONDS = 1.0
_PROBE = 0.1


class Writer:
    """Lines for a file descriptor, in order. `QUEUE_BYTES` may wait; lines beyond that are counted and dropped.

    `told` makes the line that says how many were dropped, written as soon as the log is read again. With `owns`,
    `close` closes the descriptor, or leaves that to the thread where it still writes: its number may soon be another's.
    """

    _thread: threading.Thread | None
    _waits: bool

    def __init__(self, fd: int, told: Callable[[int], bytes], *, owns: bool = False) -> None:
        self._fd = fd
        self._owns = owns
        self._told = told
        self._closed = False
        self._waits_for_nobody = stat.S_ISREG(os.fstat(fd).st_mode)
        self._begin()

    def put(self, line: bytes) -> None:
        """Take a line; never waits for the reader."""
        if self._pid != os.getpid():  # a fork has no threads but the one that forked
            self._begin()
        with self._changed:
            if self._owns and self._closed:
                return
            if self._waits_for_nobody:  # a file has no reader to wait for
                return self._at_once(line)
            if self._size + len(line) > QUEUE_BYTES:
                self._dropped += 1
                return
            self._lines.append(line)
            self._size += len(line)
            if self._thread is None or not self._thread.is_alive():  # one that failed is replaced
                self._thread = threading.Thread(target=self._run, name="mallgen log", daemon=True)
                self._thread.start()
            elif self._waits:
                self._changed.notify_all()

    def flush(self, seconds: float = FLUSH_SECONDS) -> None:
        """Wait until everything is written, but not longer than the given seconds."""
        if self._pid == os.getpid() and threading.current_thread() is not self._thread:
            with self._changed:
                self._changed.wait_for(self._is_empty, seconds)

    def close(self) -> None:
        """Write the rest and end the thread, unless the log has no reader."""
        self.flush()
        with self._changed:
            if self._owns and not self._closed and self._thread is None:
                os.close(self._fd)
            self._closed = True
            self._changed.notify_all()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._thread = None
        self._lines: list[bytes] = []
        self._size = self._dropped = 0
        self._waits = self._broken = False

    def _at_once(self, line: bytes) -> None:
        dropped = self._dropped
        lost = self._written(self._told(dropped) + line if dropped else line)
        self._dropped = dropped + 1 if lost else 0

    def _is_empty(self) -> bool:
        return not self._size

    def _run(self) -> None:
        """Write lines until closed; after a fault the next line starts another thread."""
        try:
            self._work()
        finally:
            with self._changed:
                self._thread = None
                self._size = sum(map(len, self._lines))
                if self._owns and self._closed:
                    os.close(self._fd)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._waits = True
                self._changed.wait_for(lambda: self._lines or self._closed)
                self._waits = False
                if not self._lines:
                    return
                lines, self._lines = self._lines, []
                dropped, self._dropped = self._dropped, 0
            size = sum(map(len, lines))
            lost = self._written(b"".join([*lines, self._told(dropped)] if dropped else lines))
            with self._changed:
                self._size -= size
                self._dropped += len(lines) + dropped if lost else 0
                self._changed.notify_all()
            time.sleep(PAUSE)

    def _written(self, data: bytes) -> bool:
        """Write all of it; return True when it is lost because the log cannot be written."""
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except BlockingIOError:  # somebody who shares the file made it so
                _wait_for(self._fd)
            except OSError as problem:
                if not self._broken and sys.stderr is not None:
                    print(f"mallgen: the log cannot be written: {problem.strerror}", file=sys.stderr)  # noqa: T201
                self._broken = True
                return True
        self._broken = False
        return False


def _wait_for(fd: int) -> None:
    """Wait a moment until a descriptor can be written; select() would take none from 1024 on."""
    if sys.platform == "win32":
        select.select((), (fd,), (), _PROBE)
    else:
        waiting = select.poll()
        waiting.register(fd, select.POLLOUT)
        waiting.poll(_PROBE * 1000)
