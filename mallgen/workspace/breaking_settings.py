"""The settings of mallgen.toml about `mallgen breaking`."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mallgen.breaking import RULES
from mallgen.breaking.policy import LEVELS, PRESETS, Accepted, PartLevels, Policy
from mallgen.text.span import Span
from mallgen.text.suggest import did_you_mean

if TYPE_CHECKING:
    from mallgen.text.toml_places import TomlPlaces

_KEYS = ("against", "preset", "rules", "part", "accept", "deprecation_days", "auth_middlewares")
_MOST_DAYS = 10_000
_PART, _ACCEPT = ("path", "package", "rules"), ("fingerprint", "reason", "expires")
Path = tuple[str, ...]
AddError = Callable[[str, Span | None, str], None]


class BreakingSettings:
    """Reads the table `breaking`; `add` is called with the message, span and hint of each error."""

    def __init__(self, values: Any, places: "TomlPlaces", add: AddError) -> None:
        self._values, self._places, self._add = values, places, add

    def policy(self) -> Policy:
        """Return the settings, those with errors at their defaults."""
        if not isinstance(self._values, dict):
            self._wrong("`breaking` must be a table", (), "write [breaking]")
            return Policy()
        self._unknown(self._values, (), _KEYS)
        return Policy(
            against=self._text(self._values, (), "against"),
            preset=self._word(self._values.get("preset", PRESETS[0]), ("preset",), "preset", PRESETS) or PRESETS[0],
            rules=self._rules(self._values, ()),
            parts=tuple(self._part(part, ("part", str(at))) for at, part in self._tables("part")),
            accepted=tuple(self._accepted(entry, ("accept", str(at))) for at, entry in self._tables("accept")),
            deprecation_days=self._days(self._values.get("deprecation_days", 0)),
            auth_middlewares=self._names(self._values.get("auth_middlewares", [])),
        )

    def _days(self, value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_DAYS:
            return value
        self._wrong("`deprecation_days` must be a number of days", ("deprecation_days",), "write deprecation_days = 90")
        return 0

    def _names(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return tuple(value)
        hint = 'write auth_middlewares = ["Auth"]'
        self._wrong("`auth_middlewares` must be a list of middlewares", ("auth_middlewares",), hint)
        return ()

    def _tables(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        found = self._values.get(name, [])
        if isinstance(found, list) and all(isinstance(one, dict) for one in found):
            return [*enumerate(found)]
        self._wrong(f"`{name}` must be a list of tables", (name,), f"write [[breaking.{name}]]")
        return []

    def _part(self, values: dict[str, Any], path: Path) -> PartLevels:
        self._unknown(values, path, _PART)
        found = PartLevels(
            self._text(values, path, "path"), self._text(values, path, "package"), self._rules(values, path)
        )
        if not found.path and not found.package:
            self._wrong("a part needs a path or a package", path, 'write path = "internal/*.api"')
        return found

    def _accepted(self, values: dict[str, Any], path: Path) -> Accepted:
        self._unknown(values, path, _ACCEPT)
        fingerprint, reason = self._text(values, path, "fingerprint"), self._text(values, path, "reason").strip()
        if not fingerprint:
            self._wrong("an accepted finding needs its fingerprint", path, "the finding ends in it")
        expires = values.get("expires")
        if expires is not None and (not isinstance(expires, date) or isinstance(expires, datetime)):
            self._wrong("`expires` must be a day", (*path, "expires"), "write expires = 2027-01-31")
            expires = None
        place = self._places.value("breaking", *path, "fingerprint")
        return Accepted(fingerprint, reason, str(expires or ""), place or Span("mallgen.toml", 1, 1, 1, 2))

    def _rules(self, values: Mapping[str, Any], path: Path) -> Mapping[str, str]:
        found = values.get("rules", {})
        if not isinstance(found, dict):
            self._wrong("`rules` must be a table of levels", (*path, "rules"), 'write endpoint-removed = "warning"')
            return {}
        known = RULES.rules()
        for code in found.keys() - known.keys():
            hint = did_you_mean(code, known) or "mallgen breaking --rules lists them"
            self._wrong(f"there is no rule `{code}`", (*path, "rules", code), hint)
        levels = {
            code: self._word(level, (*path, "rules", code), "level", LEVELS)
            for code, level in found.items()
            if code in known
        }
        return MappingProxyType({code: level for code, level in levels.items() if level})

    def _text(self, values: Mapping[str, Any], path: Path, key: str) -> str:
        value = values.get(key, "")
        if isinstance(value, str) and value.isprintable():
            return value
        self._wrong(f"`{key}` must be a text", (*path, key), f'write {key} = "…"')
        return ""

    def _word(self, value: Any, path: Path, what: str, known: tuple[str, ...]) -> str:
        if value in known:
            return str(value)
        hint = (did_you_mean(value, known) if isinstance(value, str) else "") or f"the {what}s are {', '.join(known)}"
        self._wrong(f"there is no {what} {value!r}", path, hint)
        return ""

    def _unknown(self, values: Mapping[str, Any], path: Path, known: tuple[str, ...]) -> None:
        for key in sorted(values.keys() - {*known}):
            hint = did_you_mean(key, known) or f"the keys are {', '.join(known)}"
            self._wrong(f"there is no setting `{key}`", (*path, key), hint)

    def _wrong(self, message: str, path: Path, hint: str) -> None:
        self._add(message, self._places.value("breaking", *path), hint)
