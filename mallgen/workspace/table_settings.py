"""The settings of mallgen.toml that are about a service's tables. An edge: it follows links of their paths."""

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mallgen.kinds.tables import CACHE, DIALECT, DIALECTS, ONLY, PREFIX, UNWRITTEN
from mallgen.loading.borders import is_inside

# the keys of mallgen.toml, and the names that their values have in mallgen.lock
_LISTS = {"only": ONLY, "ignore_columns": UNWRITTEN}
_TEXTS = {"prefix": PREFIX, "dialect": DIALECT}
KEYS = ("tables", "database", "cache", *_LISTS, *_TEXTS)
AddError = Callable[[str, str, str], None]


class TableSettings:
    """Reads the settings of one service; `add` is called with the message, key and hint of each error."""

    def __init__(self, name: str, values: Mapping[str, Any], add: AddError, has_tables: bool) -> None:
        self._name, self._values, self._add = name, values, add
        self._has_tables = has_tables or bool(values.get("tables"))

    def tables(self, folder: str) -> tuple[str, ...]:
        """Return the files of DDL below a folder, relative to the working directory; patterns stay patterns."""
        root = os.path.realpath(folder)
        found = []
        for number, path in enumerate(self._texts("tables")):
            if is_inside(os.path.realpath(os.path.join(root, path)), root):
                found.append(os.path.relpath(os.path.join(root, path)))
            else:
                message = f"tables of service {self._name} leads out of the workspace: {path}"
                self._add(message, f"tables/{number}", "keep it below the folder of mallgen.toml")
        return tuple(found)

    def database(self) -> str:
        """Return the database whose tables are the service's, empty for all."""
        value = self._values.get("database", "")
        if not isinstance(value, str) or (value and not value.isprintable()) or len(value) > 64:
            self._add(f"database of service {self._name} must be a name", "database", 'write database = "…"')
            return ""
        self._needs_tables("database", value)
        return value

    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """Return the other settings by their names in mallgen.lock."""
        found = {option: self._texts(key) for key, option in _LISTS.items()}
        found |= {option: tuple(filter(None, (self._text(key),))) for key, option in _TEXTS.items()}
        cache = self._values.get("cache", False)
        if not isinstance(cache, bool):
            self._add(f"cache of service {self._name} must be true or false", "cache", "write cache = true")
        elif cache:
            found[CACHE] = ("",)
        for key in ("cache", *_LISTS, *_TEXTS):
            self._needs_tables(key, self._values.get(key))
        if found[PREFIX] and not cache:
            self._add(f"service {self._name} has a prefix for keys, but no cache", "prefix", "write cache = true")
        return MappingProxyType({option: values for option, values in found.items() if values})

    def _needs_tables(self, key: str, value: Any) -> None:
        if value and not self._has_tables:
            self._add(f"service {self._name} has `{key}`, but no tables", key, 'write tables = ["….sql"]')

    def _text(self, key: str) -> str:
        value = self._values.get(key, "")
        if not isinstance(value, str) or not value.isprintable() or " " in value or len(value) > 64:
            self._add(f"{key} of service {self._name} must be a word", key, f'write {key} = "…"')
            return ""
        if key == "dialect" and value and value not in DIALECTS:
            self._add(f"there is no dialect `{value}`", key, f"the dialects are {', '.join(DIALECTS)}")
            return ""
        return value

    def _texts(self, key: str) -> tuple[str, ...]:
        found = self._values.get(key, [])
        if isinstance(found, list) and all(isinstance(word, str) and word for word in found):
            return tuple(found)
        self._add(f"{key} of service {self._name} must be a list of texts", key, f'write {key} = ["…"]')
        return ()
