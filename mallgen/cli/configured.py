"""The settings of a service, for check: which files, and the classes that they are read into. An edge."""

import ast
import os
import re
from collections.abc import Iterator

from mallgen.diagnostics import Diagnostic
from mallgen.drift.unused_settings import blocks, judged
from mallgen.loading.borders import is_inside
from mallgen.output.records import Owner
from mallgen.workspace.comparison import Compared
from mallgen.workspace.config import settings_of

_MOST = 1 << 20
_ADDRESS = re.compile(r"^(?:Port|ListenOn):", re.M | re.I)
_NAME = re.compile(r"^Name:", re.M | re.I)


class Configured:
    """What there is to say of a service's yaml files; `texts` are those that something is said of, by their names."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def findings(self, found: Compared) -> Iterator[Diagnostic]:
        """The keys that do nothing, in the file of the contract and in others of its folder that look like it."""
        files = found.made.files
        own = next((file.path for file in files if file.path.startswith("etc/") and file.owner is Owner.ONCE), "")
        folder = found.target.folder
        if not own or found.made.package not in _packages(folder):
            return
        package = os.path.join(folder, found.made.package)
        known = blocks(*(_module(os.path.join(package, name), folder) for name in ("wiring.py", "config.py")))
        alone = len(found.lock.contracts) <= 1
        for path in settings_of(folder):
            text = _text(path, folder)
            same = os.path.realpath(path) == os.path.realpath(os.path.join(folder, own))
            if same or (alone and _NAME.search(text) and _ADDRESS.search(text)):
                told = list(judged(text, os.path.normpath(path), "Config", known))
                if told:
                    self.texts[os.path.normpath(path)] = text
                yield from told


def _packages(folder: str) -> list[str]:
    return os.listdir(folder) if os.path.isdir(folder) else []


def _text(path: str, folder: str) -> str:
    """A file of the folder; nothing for one that a link leads out to, a large one, or none."""
    real = os.path.realpath(path)
    if not is_inside(real, os.path.realpath(folder)) or not os.path.isfile(real):
        return ""
    try:
        with open(real, encoding="utf-8") as file:
            text = file.read(_MOST + 1)
    except (OSError, UnicodeDecodeError):
        return ""
    return text if len(text) <= _MOST else ""


def _module(path: str, folder: str) -> ast.Module:
    """A module as it is written; an empty one for what is no Python, which is told elsewhere."""
    try:
        return ast.parse(_text(path, folder))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])
