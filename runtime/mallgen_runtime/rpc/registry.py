"""The embedded registry: a folder with a file per running instance, for services on one machine."""

import contextlib
import os
import tempfile

from mallgen_runtime.conf import ConfigError

_VARIABLE = "MALLGEN_DISCOVERY"


def folder() -> str:
    """`MALLGEN_DISCOVERY=file:FOLDER`, else one per user below the temporary folder."""
    given = os.environ.get(_VARIABLE, "")
    if given.startswith("file:"):
        return given.removeprefix("file:")
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return os.path.join(tempfile.gettempdir(), f"mallgen-{user}")


def register(key: str, address: str) -> str:
    """Note an instance of a service; the path of its file. The name holds the process, the content the address."""
    place = os.path.join(folder(), _safe(key))
    os.makedirs(place, mode=0o700, exist_ok=True)
    path = os.path.join(place, f"{os.getpid()}-{address.rpartition(':')[2]}")
    with open(f"{path}.tmp", "w", encoding="utf-8") as file:
        file.write(address)
    os.replace(f"{path}.tmp", path)
    return path


def deregister(path: str) -> None:
    """Take an instance away; gone already is fine."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def instances(key: str) -> list[str]:
    """The addresses of the running instances of a service; what dead processes left is removed."""
    place = os.path.join(folder(), _safe(key))
    found = []
    with contextlib.suppress(FileNotFoundError):
        for name in sorted(os.listdir(place)):
            path = os.path.join(place, name)
            if name.endswith(".tmp"):
                continue
            if not _alive(name.partition("-")[0]):
                deregister(path)
                continue
            with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as file:
                found.append(file.read().strip())
    return found


def _safe(key: str) -> str:
    if not key or "/" in key or key.startswith("."):
        raise ConfigError(f"{key!r} cannot be the key of a service")
    return key


def _alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        return True
    return True
