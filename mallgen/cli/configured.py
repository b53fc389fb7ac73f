"""Settings that have no effect, for `mallgen check`: a service's yaml files against its settings classes. An edge."""

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

_MOST_BYTES = 1 << 20
_ADDRESS = re.compile(r"^(?:Port|ListenOn):", re.M | re.I)
_NAME = re.compile(r"^Name:", re.M | re.I)


class SettingsCheck:
    """Finds keys without effect in services' yaml files; `texts` are the files with findings, for code frames."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def findings(self, found: Compared) -> Iterator[Diagnostic]:
        """Yield a diagnostic for each key without effect in the contract's settings file and others that look like it.

        Another file counts when the folder has one contract and the file has a name and an address.
        """
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
                diagnostics = list(judged(text, os.path.normpath(path), "Config", known))
                if diagnostics:
                    self.texts[os.path.normpath(path)] = text
                yield from diagnostics


def _packages(folder: str) -> list[str]:
    return os.listdir(folder) if os.path.isdir(folder) else []


def _text(path: str, folder: str) -> str:
    """Return a file's text, empty when it is missing, unreadable, above 1 MiB or outside of the folder."""
    real = os.path.realpath(path)
    if not is_inside(real, os.path.realpath(folder)) or not os.path.isfile(real):
        return ""
    try:
        with open(real, encoding="utf-8") as file:
            text = file.read(_MOST_BYTES + 1)
    except (OSError, UnicodeDecodeError):
        return ""
    return text if len(text) <= _MOST_BYTES else ""


def _module(path: str, folder: str) -> ast.Module:
    """Parse a module; an empty one stands for a file that is no Python, which another finding reports."""
    try:
        return ast.parse(_text(path, folder))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])
