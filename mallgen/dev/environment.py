"""The environment of a service under `mallgen dev`: discovery by a folder, plain log lines, secrets for this run."""

import contextlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping

from mallgen.output.house import HOUSE, IGNORE
from mallgen.workspace.config import settings_of

_IN_SETTINGS = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_IN_WIRING = re.compile(r'"([A-Z][A-Z0-9_]*_SECRET)"')
_SECRET = re.compile(r"(?:SECRET|KEY|TOKEN|PASSWORD)$")


def queue_file(root: str) -> str:
    """Return the file of a workspace's embedded queue, whose folder is made, empty without a workspace.

    `root` is the folder of the workspace.
    """
    if not root:
        return ""
    path = os.path.join(os.path.abspath(root), HOUSE, "queue.db")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with contextlib.suppress(FileExistsError), open(os.path.join(root, IGNORE), "x", encoding="utf-8") as ignored:
        ignored.write("*\n")
    return path


def environment(registry: str, queue: str = "") -> dict[str, str]:
    """Return the environment of every service of a run, without secrets.

    `registry` is the folder for discovery, `queue` the file of the embedded queue, empty for one in `registry`.
    """
    return {
        "MALLGEN_QUEUE": queue or os.path.join(registry, "queue.db"),
        **os.environ,
        "MALLGEN_DEV": "1",
        "MALLGEN_DISCOVERY": f"file:{registry}",
        "MALLGEN_LOG": os.environ.get("MALLGEN_LOG", "plain"),
        "PYTHONUNBUFFERED": "1",
    }


def made_up_secrets(folders: Iterable[tuple[str, str]], given: Mapping[str, str]) -> dict[str, str]:
    """Return a random secret for each variable that settings or wiring of services ask for and `given` lacks.

    `folders` are pairs of a service's folder and its package. A variable has one value in all services.
    """
    asked = {name for folder, package in folders for name in _asked_variables(folder, package)}
    return {name: secrets.token_urlsafe(32) for name in sorted(asked) if not given.get(name)}


def _asked_variables(folder: str, package: str) -> Iterator[str]:
    for path in settings_of(folder):
        yield from (name for name in _matches(path, _IN_SETTINGS) if _SECRET.search(name))
    yield from _matches(os.path.join(folder, package, "wiring.py"), _IN_WIRING)


def _matches(path: str, pattern: re.Pattern[str]) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            return pattern.findall(file.read())
    except (OSError, UnicodeDecodeError):
        return []
