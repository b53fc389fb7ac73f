"""A key that only this user has on this machine: it seals the journals that mallgen writes. An edge."""

import contextlib
import os
import stat

_SIZE = 32


def key() -> bytes:
    """Return the key in `$XDG_STATE_HOME/mallgen/key`, made at the first use.

    Where no such file can be kept, the key is made of the machine's id and the user's number, which a repository cannot
    know.
    """
    home = os.environ.get("XDG_STATE_HOME", "") or os.path.join(os.path.expanduser("~"), ".local", "state")
    path = os.path.join(home, "mallgen", "key")
    with contextlib.suppress(OSError):
        return _read_key(path)
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        _make_key(path)
        return _read_key(path)
    return f"{_machine_id()}:{os.getuid()}".encode()[:64]


def _read_key(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        data = os.read(descriptor, _SIZE + 1)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid() or len(data) != _SIZE:
        raise PermissionError(path)
    return data


def _make_key(path: str) -> None:
    """Make the key file in one step; one that another process has made first stays."""
    draft = f"{path}-{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, os.urandom(_SIZE))
    finally:
        os.close(descriptor)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    os.unlink(draft)


def _machine_id() -> str:
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with contextlib.suppress(OSError), open(path, encoding="ascii", errors="replace") as file:
            return file.read(64).strip()
    return os.uname().nodename
