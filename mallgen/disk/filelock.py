"""The lock of an output folder, and signals that wait until a write is complete. An edge.

The lock is flock's, on `.mallgen/lock`: the system releases it when its holder dies, however it dies. The file's
content names the holder, for messages. On a file system without such locks the holder's process id decides.
"""

import contextlib
import errno
import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from mallgen.disk.sandbox import Root
from mallgen.output.house import HOUSE, LOCK

PATIENCE = 10.0
_PAUSE, _SILENT = 0.02, 0.5
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Busy(Exception):
    """Another process held the lock for longer than PATIENCE (seconds); the text names that process."""


class Stopped(KeyboardInterrupt):
    """A signal that came while the folder was being written; the exit code is 128 + `signum`."""

    def __init__(self, signum: int, state: str) -> None:
        super().__init__(f"interrupted; {state}")
        self.signum = signum


class FolderLock:
    """The lock of an output folder. `tell` is called with a line when another process holds it."""

    def __init__(self, root: Root, tell: Callable[[str], None]) -> None:
        self._root = root
        self._tell = tell
        self._descriptor = -1
        self._shared = False

    def take(self, shared: bool = False) -> None:
        """Wait for the lock, at most PATIENCE seconds; `shared` is for a caller that only reads. Raises Busy."""
        self._shared = shared
        started = time.monotonic()
        told = False
        while not self._try_take():
            waited = time.monotonic() - started
            if waited > PATIENCE:
                raise Busy(self._holder())
            if waited > _SILENT and not told:
                told = True
                self._tell(f"waiting for {self._holder()}, which is writing here")
            time.sleep(_PAUSE)
        if not shared:
            self._write_holder()

    def release(self) -> None:
        """Release the lock."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            if not self._shared:
                with contextlib.suppress(OSError):  # a former holder's name left in the file does no harm
                    os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def _try_take(self) -> bool:
        """Take the lock if it is free, and return whether it was; a lock file removed meanwhile does not count."""
        try:
            descriptor = self._root.open(LOCK, os.O_RDONLY if self._shared else os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:
            self._root.forget()
            self._root.make_all(HOUSE)
            return False
        try:
            taken = self._lock(descriptor) and self._is_current(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        if taken:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return taken

    def _lock(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if self._shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as problem:
            if problem.errno not in _NO_LOCKS:
                raise
            return not self._holder_lives()
        return True

    def _is_current(self, descriptor: int) -> bool:
        now = self._root.status(LOCK)
        return now is not None and os.path.samestat(now, os.fstat(descriptor))

    def _write_holder(self) -> None:
        with contextlib.suppress(
            OSError
        ):  # the name is only for messages, and a full disk must not end a run that frees space
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()} {os.uname().nodename}\n".encode(), 0)

    def _read_holder(self) -> tuple[int, str]:
        try:
            number, _, host = (self._root.read(LOCK) or b"").decode("utf-8", "replace").strip().partition(" ")
            return int(number), host
        except (OSError, ValueError):
            return 0, ""

    def _holder(self) -> str:
        number, host = self._read_holder()
        where = f" on {host}" if host and host != os.uname().nodename else ""
        return f"another mallgen (process {number}{where})" if number else "another mallgen"

    def _holder_lives(self) -> bool:
        number, host = self._read_holder()
        if not number or number == os.getpid():
            return False
        if host != os.uname().nodename:
            return True
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


class Signals:
    """Holds SIGINT, SIGTERM and SIGHUP back: `pending` is the first one that came, or 0.

    `state` says what was written so far, for the message of Stopped.
    """

    def __init__(self) -> None:
        self.pending = 0
        self.state = "nothing was written"

    @contextlib.contextmanager
    def deferred(self) -> Iterator["Signals"]:
        """Only note signals inside of the block, and raise Stopped after it. Only the main thread receives signals."""
        before = {}
        if threading.current_thread() is threading.main_thread():
            heard = (number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN)
            before = {number: signal.signal(number, self._note) for number in heard}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        self.check()

    def check(self) -> None:
        """Raise Stopped when a signal came."""
        if self.pending:
            raise Stopped(self.pending, self.state)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.pending = self.pending or number
