"""The embedded registry: a folder with a file per running instance, for services on one machine.

Each process holds a lock on its file: the file of a dead one is recognised even when its process id is used again.
"""

import asyncio
import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable

from mallgen_runtime.discovery import OK, shared_folder
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.watch import keep

INTERVAL = 0.1


class FolderRegistrar:
    """Keeps a locked file in the folder while the instance runs."""

    state = OK

    def __init__(self, key: str) -> None:
        self._key = _checked(key)
        self._file = -1
        self._path = ""

    async def register(self, address: str) -> None:
        """Write the file; it appears whole. Raises ConfigError when the folder cannot be used."""
        place = os.path.join(root(), self._key)
        path = os.path.join(place, f"{os.getpid()}-{address.rpartition(':')[2]}")
        try:
            os.makedirs(place, mode=0o700, exist_ok=True)
            self._file = os.open(f"{path}.tmp", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            os.write(self._file, address.encode())
            os.rename(f"{path}.tmp", path)
        except OSError as problem:
            raise ConfigError(f"cannot register in {place}: {problem.strerror}") from None
        self._path = path

    async def deregister(self) -> None:
        """Remove the file."""
        if self._path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            os.close(self._file)
            self._path = ""


class FolderResolver:
    """Looks into the folder ten times a second."""

    def __init__(self, key: str) -> None:
        self._key = _checked(key)
        self._task: asyncio.Task[None] | None = None
        self.state = OK
        self.addresses: tuple[str, ...] = ()

    async def start(self, changed: Callable[[], None]) -> None:
        """Look, then follow."""
        self._look()
        self._task = keep(self._follow(changed), f"find {self._key}")

    async def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _follow(self, changed: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            if self._look():
                changed()

    def _look(self) -> bool:
        """Look up the addresses; return whether they changed."""
        try:
            found = tuple(sorted(set(instances(self._key))))
        except (ConfigError, OSError) as problem:
            self.state = f"the folder of services cannot be read: {problem}"
            return False
        self.state = OK if found else f"no instance of {self._key} is registered"
        different = found != self.addresses
        self.addresses = found
        return different


def root() -> str:
    """Return the named folder, else the user's own below the temporary one. Raises ConfigError when it is not ours."""
    named = shared_folder()
    if named:
        return named
    path = os.path.join(tempfile.gettempdir(), f"mallgen-{os.getuid()}")
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise ConfigError(f"{path} belongs to somebody else; name another folder: MALLGEN_DISCOVERY=file:FOLDER")
    if status.st_mode & 0o022:
        raise ConfigError(f"others may write into {path}; remove it, or name another: MALLGEN_DISCOVERY=file:FOLDER")
    return path


def instances(key: str) -> list[str]:
    """Return the addresses of the running instances of a service; files of dead processes are removed."""
    place = os.path.join(root(), _checked(key))
    try:
        names = sorted(os.listdir(place))
    except FileNotFoundError:
        return []
    ready = [name for name in names if not name.endswith(".tmp")]
    return [address for name in ready if (address := _address(os.path.join(place, name)))]


def _address(path: str) -> str:
    """Return what a live process announces in a file; remove the file of a dead one."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        if _alive(file):
            return os.read(file, 300).decode("ascii", "replace").strip()
        with contextlib.suppress(OSError):
            os.unlink(path)
        return ""
    finally:
        os.close(file)


def _alive(file: int) -> bool:
    """Return whether the file's writer still holds the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _checked(key: str) -> str:
    if not key or "/" in key or key.startswith("."):
        raise ConfigError(f"{key!r} cannot be the key of a service")
    return key
