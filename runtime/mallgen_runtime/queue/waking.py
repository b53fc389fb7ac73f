"""Wakes the processes that wait for the embedded queue: each has a FIFO in a folder beside the file.

Nobody has to look again and again, and a dead process leaves nothing that holds up the others.
"""

import asyncio
import contextlib
import errno
import os
from collections.abc import Iterator

from mallgen_runtime.queue.headers import new_id


class Waker:
    """One process' FIFO; an empty folder: nobody else is concerned. `turn` counts how often it was woken."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = ""
        self._file = -1
        self.turn = 0
        self._waiting: set[asyncio.Event] = set()

    @property
    def name(self) -> str:
        """The name of the FIFO, empty where there is none."""
        return os.path.basename(self._path)

    def is_dead(self, name: str) -> bool:
        """Return whether the process that had a FIFO of this name has it open no longer."""
        if not name or not self._folder:
            return False
        try:
            os.close(os.open(os.path.join(self._folder, name), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        except FileNotFoundError:
            return True
        except OSError as problem:
            return problem.errno == errno.ENXIO
        return False

    def start(self) -> None:
        """Make the FIFO and listen to it."""
        if not self._folder or self._file >= 0:
            return
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        path = os.path.join(self._folder, f"{os.getpid()}-{new_id()[-12:]}")
        os.mkfifo(f"{path}.tmp", 0o600)
        self._file = os.open(f"{path}.tmp", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        os.rename(f"{path}.tmp", path)  # listened to from its first moment on
        self._path = path
        asyncio.get_running_loop().add_reader(self._file, self._woken)

    def stop(self) -> None:
        """Remove the FIFO."""
        if self._file >= 0:
            asyncio.get_running_loop().remove_reader(self._file)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            os.close(self._file)
            self._file = -1

    def wake(self) -> None:
        """Wake all who wait in this process."""
        self.turn += 1
        for one in self._waiting:
            one.set()

    def wake_all(self) -> None:
        """Wake all who wait, in other processes too. May be called in any thread but for those of this process."""
        for path in self._others():
            try:
                file = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError as problem:
                if problem.errno != errno.ENXIO:
                    continue
                with contextlib.suppress(OSError):
                    os.unlink(path)  # nobody has it open: its process is dead
                continue
            with contextlib.suppress(BlockingIOError):  # so full that its process wakes anyway
                os.write(file, b"\0")
            os.close(file)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[asyncio.Event]:
        """Return an event that is set by what happens from now on."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            yield event
        finally:
            self._waiting.discard(event)

    def _woken(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._file, 4096):
                pass
        self.wake()

    def _others(self) -> list[str]:
        if not self._folder:
            return []
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        paths = (os.path.join(self._folder, name) for name in names if not name.endswith(".tmp"))
        return [path for path in paths if path != self._path]
