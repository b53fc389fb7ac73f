"""The graph of imports: a file that only declares types is understood through the contracts that import it."""

import os
import re
from collections.abc import Iterable

from mallgen.languageserver.files import contracts
from mallgen.loading.sources import Unreadable, read_text
from mallgen.syntax.scan import scan

_IMPORT = re.compile(r"\bimport\b")
_OTHER_STATEMENT = re.compile(r"^(?:type|service|@server|info)\b", re.MULTILINE)


class Graph:
    """The imports of all known files, by real path (links resolved).

    `names` are their paths as they were found; `cut` is a folder that is too large to be searched in full, or empty.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._imports: dict[str, tuple[str, ...]] = {}
        self._folders: set[str] = set()
        self.cut = ""

    def add_folder(self, folder: str, deep: bool = True) -> None:
        """Read the imports of the contracts in a folder; a folder that was searched before is not read again."""
        real = os.path.realpath(folder)
        if any(real == known or real.startswith(known.rstrip(os.sep) + os.sep) for known in self._folders):
            return
        if deep:
            self._folders.add(real)
        inside = contracts(folder, deep)
        for path in inside.paths:
            self.refresh(path)
        self.cut = self.cut if inside.whole else folder

    def remove_folder(self, folder: str) -> None:
        """Forget the contracts of a folder."""
        real = os.path.realpath(folder)
        self._folders.discard(real)
        for name in [name for name in self.names if name.startswith(real.rstrip(os.sep) + os.sep)]:
            self.names.pop(name, None)
            self._imports.pop(name, None)

    def holds(self, path: str) -> bool:
        """Return whether a file lies in a folder that was searched."""
        real = os.path.realpath(path)
        return any(real.startswith(known.rstrip(os.sep) + os.sep) for known in self._folders)

    def refresh(self, path: str) -> None:
        """Read the imports of a file on disk again, or forget it when it cannot be read."""
        real = os.path.realpath(path)
        try:
            self.put(path, real, _imports(read_text(path)))
        except Unreadable:
            self.names.pop(real, None)
            self._imports.pop(real, None)

    def put(self, path: str, real: str, imports: tuple[str, ...]) -> None:
        """Record the imports of a file, as they are written in it."""
        self.names.setdefault(real, path)
        folder = os.path.dirname(path)
        self._imports[real] = tuple(os.path.realpath(os.path.join(folder, value)) for value in imports)

    def roots(self, real: str) -> tuple[str, ...]:
        """Return the contracts that a file is part of: its importers, direct or not, that none imports; or itself."""
        reached, waiting = {real}, [real]
        while waiting:
            here = waiting.pop()
            for above in self._importers(here):
                if above not in reached:
                    reached.add(above)
                    waiting.append(above)
        tops = sorted(one for one in reached if not self._importers(one))
        return tuple(tops) or (real,)

    def _importers(self, real: str) -> Iterable[str]:
        return [name for name, imported in self._imports.items() if real in imported and name != real]


def _imports(text: str) -> tuple[str, ...]:
    """Return the imports of a text; to save time on long files the text behind the last one is not scanned."""
    imports = list(_IMPORT.finditer(text)) if "import" in text else []
    if not imports:
        return ()
    end = _OTHER_STATEMENT.search(text, imports[-1].end())
    return tuple(item.value for item in scan(text[: end.start() if end else len(text)], "").imports)
