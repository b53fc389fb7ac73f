"""The Dockerfiles, manifests and compose files that mallgen has written. An edge: it looks for them.

A file counts when one of its first lines says which command has written it: who removes the line keeps the file to
himself. They are looked for in each service's folder and the workspace's, and in `deploy`, `docker`, `kube` and `k8s`
below these.
"""

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mallgen.loading.borders import is_inside

PLACES = ("", "deploy", "docker", "kube", "k8s")
_MARK = re.compile(r"^#.*\bmallgen (?P<command>docker|kube|compose)\b(?:: (?P<service>\S+))?", re.M)
_HEAD, _MOST_BYTES, _MOST_FILES = 512, 1 << 20, 1000


class MarkedFile(NamedTuple):
    """A file that a command has written: for a service by its name in mallgen.toml, or the one of its folder."""

    command: str
    service: str
    path: str
    text: str


def marked_files(roots: Sequence[str]) -> Iterator[MarkedFile]:
    """Yield the files of these folders that a command has written."""
    seen: set[str] = set()
    for root in roots:
        for place in PLACES:
            folder = os.path.join(root, place) if place else root
            for name in _names(folder):
                path = os.path.relpath(os.path.join(folder, name))
                real = os.path.realpath(path)
                if real not in seen and os.path.isfile(real) and is_inside(real, os.path.realpath(root)):
                    seen.add(real)
                    yield from _read(path)


def _names(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:  # most services have no such folder
        return []
    fitting = [name for name in names if name.endswith((".yaml", ".yml")) or "dockerfile" in name.lower()]
    return fitting[:_MOST_FILES]


def _read(path: str) -> Iterator[MarkedFile]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError:
        return
    found = _MARK.search(text[:_HEAD])
    if found is not None and len(text) <= _MOST_BYTES:
        yield MarkedFile(found["command"], found["service"] or "", path, text)
