"""Which contract imports which: a type's file is understood from the contracts that import it."""

import os
import re
from collections.abc import Iterable

from mallgen.languageserver.files import contracts
from mallgen.loading.sources import Unreadable, read_text
from mallgen.syntax.scan import scan

_IMPORT = re.compile(r"\bimport\b")
_OTHER = re.compile(r"^(?:type|service|@server|info)\b", re.MULTILINE)


class Graph:
    """The imports of the files that are known, by real paths.

    `names` are the paths as they were found; `cut` is a folder that has more than are looked at.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._imports: dict[str, tuple[str, ...]] = {}
        self._folders: set[str] = set()
        self.cut = ""

    def add_folder(self, folder: str, deep: bool = True) -> None:
        """Look at the contracts of a folder, once."""
        real = os.path.realpath(folder)
        if any(real == known or real.startswith(known.rstrip(os.sep) + os.sep) for known in self._folders):
            return
        if deep:
            self._folders.add(real)
        found = contracts(folder, deep)
        for path in found.paths:
            self.refresh(path)
        self.cut = self.cut if found.whole else folder

    def remove_folder(self, folder: str) -> None:
        """Forget the contracts of a folder."""
        real = os.path.realpath(folder)
        self._folders.discard(real)
        for name in [name for name in self.names if name.startswith(real.rstrip(os.sep) + os.sep)]:
            self.names.pop(name, None)
            self._imports.pop(name, None)

    def holds(self, path: str) -> bool:
        """Whether a file lies in a folder that was looked at."""
        real = os.path.realpath(path)
        return any(real.startswith(known.rstrip(os.sep) + os.sep) for known in self._folders)

    def refresh(self, path: str) -> None:
        """Look at a file of the disk again, or forget it when it is gone."""
        real = os.path.realpath(path)
        try:
            self.put(path, real, _imports(read_text(path)))
        except Unreadable:
            self.names.pop(real, None)
            self._imports.pop(real, None)

    def put(self, path: str, real: str, imports: tuple[str, ...]) -> None:
        """Take the imports of a file, as they are written."""
        self.names.setdefault(real, path)
        folder = os.path.dirname(path)
        self._imports[real] = tuple(os.path.realpath(os.path.join(folder, value)) for value in imports)

    def roots(self, real: str) -> tuple[str, ...]:
        """The contracts that a file is part of: those that import it, in steps, and that nobody imports; or itself."""
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
        return [name for name, found in self._imports.items() if real in found and name != real]


def _imports(text: str) -> tuple[str, ...]:
    """The imports of a text; what stands behind the last of them is not looked at, since many files are long."""
    found = list(_IMPORT.finditer(text)) if "import" in text else []
    if not found:
        return ()
    end = _OTHER.search(text, found[-1].end())
    return tuple(item.value for item in scan(text[: end.start() if end else len(text)], "").imports)
