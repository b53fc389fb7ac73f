"""Turns plain values (dict, list, str, numbers) into a type and names every wrong field.

A reader is compiled once for each type. The name of a field is built only where one is wrong, from the inside to the
outside, and a walk ends at the hundredth wrong field.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from mallgen_runtime.schema import AsString, Limit, NotNull, Options, Together, With, Without
from mallgen_runtime.schema.errors import MAX_ERRORS, MAX_NAME
from mallgen_runtime.schema.other_kinds import is_other, taker
from mallgen_runtime.schema.other_kinds import word as word_of_other
from mallgen_runtime.schema.reflection import Field, Type, describe, fields, is_struct
from mallgen_runtime.schema.scalars import BAD, SCALARS, WHOLE, WORDS, Holds, from_text, holds, why

Found = list[tuple[str, str]]  # wrong fields: name, reason; a name begins with its `.` or `[`
Read = Callable[[Any, Found], Any]
Relation = Callable[[dict[str, Any], Found], None]


@cache
def reader(annotation: Any, nulls: bool = False) -> Read:
    """Return the reader of a type: it gives the value, or `BAD` with the reasons in `Found`.

    `nulls`: every pointer may be null, also where a request must give it.
    """
    return _Compiler(nulls).reader(describe(annotation))


def name_of(path: str) -> str:
    """Return the name of a wrong field as it is shown."""
    return path[1:] if path.startswith(".") else path


def _refuse(found: Found, reason: str, path: str = "") -> Any:
    if len(found) < MAX_ERRORS:
        found.append((path, reason))
    return BAD


def _not(found: Found, value: Any, reason: str) -> Any:
    return _refuse(found, "must not be null" if value is None else reason)


def _under(found: Found, since: int, step: str) -> bool:
    """Put a step before the names of the newest wrong fields; return whether the walk has found enough."""
    step = step[: MAX_NAME + 2]
    for index in range(since, len(found)):
        path, reason = found[index]
        found[index] = ((step + path)[: MAX_NAME + 2], reason)
    return len(found) >= MAX_ERRORS


class _WalkedField(NamedTuple):
    """The way a field is read. `default` None: the field is required; outside of `limit` the default is used.

    `builds`: an absent one is made of its own fields' defaults, when each of them has one.
    """

    name: str
    wire: str
    read: Read
    default: Callable[[], Any] | None
    takes_null: bool
    limit: Holds | None
    builds: bool


class _Compiler:
    """Readers for one type and all below it; a class that mentions itself has one reader."""

    def __init__(self, nulls: bool) -> None:
        self._nulls = nulls
        self._structs: dict[Any, Read] = {}

    def reader(self, kind: Type) -> Read:
        return self._nullable(kind, self._plain(kind))

    def _plain(self, kind: Type) -> Read:
        if is_struct(kind.origin):
            return self._struct(kind.origin)
        if kind.origin is list:
            return self._list(kind)
        if kind.origin is dict:
            return self._dict(kind)
        return _scalar(kind)

    @staticmethod
    def _nullable(kind: Type, inner: Read) -> Read:
        return (lambda value, found: None if value is None else inner(value, found)) if kind.nullable else inner

    def _list(self, kind: Type) -> Read:
        inner_kind = describe(kind.args[0]) if kind.args else describe(Any)
        options = tuple(marker for marker in kind.markers if isinstance(marker, Options))
        inner = self.reader(inner_kind._replace(markers=(*inner_kind.markers, *options)))
        rules = _rules(tuple(marker for marker in kind.markers if not isinstance(marker, Options)))

        def read(value: Any, found: Found) -> Any:
            if type(value) is not list:
                return _not(found, value, "must be a list")
            start = since = len(found)
            made: list[Any] = []
            for item in value:
                one = inner(item, found)
                if one is BAD:
                    if _under(found, since, f"[{len(made)}]"):
                        return BAD
                    since = len(found)
                made.append(one)
            return BAD if since > start else _kept(made, rules, found)

        return read

    def _dict(self, kind: Type) -> Read:
        key_kind, inner_kind = (describe(arg) for arg in kind.args or (Any, Any))
        read_key, inner = self.reader(key_kind), self.reader(inner_kind)
        is_number = key_kind.origin is int

        def read(value: Any, found: Found) -> Any:
            if type(value) is not dict:
                return _not(found, value, "must be an object")
            start = since = len(found)
            made = {}
            for key, item in value.items():
                number = is_number and WHOLE.fullmatch(str(key))
                spelled = read_key(int(key) if number else key, found)
                made[spelled] = inner(item, found)
                if len(found) > since:
                    if _under(found, since, f".{key}"):
                        return BAD
                    since = len(found)
            return BAD if since > start else made

        return read

    def _struct(self, cls: Any) -> Read:
        known = self._structs.get(cls)
        if known is not None:
            return known
        rows: list[_WalkedField] = []
        relations: list[Relation] = []
        self._structs[cls] = made = _struct(cls, rows, relations)
        rows += [self._row(field) for field in fields(cls)]
        relations += _relations(fields(cls))
        return made

    def _row(self, field: Field) -> _WalkedField:
        read = _text(field.kind) if field.marker(AsString) else self._plain(field.kind)
        limit = field.marker(Limit)
        needed = field.marker(NotNull) and not self._nulls
        takes_null = (field.kind.nullable or field.kind.origin is Any) and not needed
        builds = is_struct(field.kind.origin) and not field.kind.nullable
        holds_limit = limit.holds if limit else None
        return _WalkedField(field.name, field.wire, read, field.default, takes_null, holds_limit, builds)


def _struct(cls: Any, rows: list[_WalkedField], relations: list[Relation]) -> Read:
    def read(value: Any, found: Found) -> Any:
        if type(value) is not dict:
            return _not(found, value, "must be an object")
        start = len(found)
        for relation in relations:
            relation(value, found)
        made: dict[str, Any] = {}
        for name, wire, inner, default, takes_null, limit, builds in rows:
            given = value.get(wire)
            if given is None:
                if takes_null and wire in value:
                    made[name] = None
                elif default is not None:
                    made[name] = default()
                elif builds and wire not in value and (empty := inner({}, [])) is not BAD:
                    made[name] = empty
                else:
                    _refuse(found, "must not be null" if wire in value else "is required", f".{wire}")
                continue
            since = len(found)
            one = inner(given, found)
            if one is BAD:
                if _under(found, since, f".{wire}"):
                    return BAD
            elif limit is not None and default is not None and not limit(one):
                one = default()
            made[name] = one
        return cls(**made) if len(found) == start else BAD

    return read


def _rules(markers: tuple[object, ...]) -> tuple[tuple[Holds, object], ...]:
    return tuple((rule, marker) for marker in markers if (rule := holds(marker)))


def _kept(value: Any, rules: tuple[tuple[Holds, object], ...], found: Found) -> Any:
    for rule, marker in rules:
        if not rule(value):
            return _refuse(found, why(marker))
    return value


def _scalar(kind: Type) -> Read:
    rules = _rules(kind.markers)
    other = is_other(kind)
    word = word_of_other(kind) if other else WORDS.get(kind.origin, "is wrong")
    take = taker(kind) if other else SCALARS.get(kind.origin, lambda value: value)

    def read(value: Any, found: Found) -> Any:
        made = take(value)
        if made is BAD:
            return _not(found, value, word)
        for rule, marker in rules:
            if not rule(made):
                return _refuse(found, why(marker))
        return made

    return read


def _text(kind: Type) -> Read:
    """`,string`: a number is sent as it is or in a string, as in go-zero; a boolean in a string only."""
    plain = _scalar(kind)
    rules = _rules(kind.markers)
    numbers = (int, float) if kind.origin in (int, float) else ()
    word = f"{WORDS[kind.origin]}{', in a string or not' if numbers else ' in a string'}"

    def read(value: Any, found: Found) -> Any:
        if type(value) in numbers:
            return plain(value, found)
        made = from_text(value, kind.origin) if type(value) is str else BAD
        return _refuse(found, word) if made is BAD else _kept(made, rules, found)

    return read


def _relations(known: tuple[Field, ...]) -> list[Relation]:
    """Return the rules between the fields of one object."""
    made = [_with(f.wire, m.other) for f in known if (m := f.marker(With))]
    made += [_without(f.wire, m.other) for f in known if (m := f.marker(Without))]
    groups: dict[str, list[str]] = {}
    for f in known:
        if m := f.marker(Together):
            groups.setdefault(m.group, []).append(f.wire)
    return made + [_together(wires) for wires in groups.values()]


def _with(wire: str, other: str) -> Relation:
    def check(value: dict[str, Any], found: Found) -> None:
        if (value.get(wire) is None) != (value.get(other) is None):
            _refuse(found, f"must come together with {other}", f".{wire}")

    return check


def _without(wire: str, other: str) -> Relation:
    def check(value: dict[str, Any], found: Found) -> None:
        if (value.get(wire) is None) == (value.get(other) is None):
            _refuse(found, f"must come exactly when {other} does not", f".{wire}")

    return check


def _together(wires: list[str]) -> Relation:
    def check(value: dict[str, Any], found: Found) -> None:
        given = [wire for wire in wires if value.get(wire) is not None]
        if given and len(given) < len(wires):
            for wire in wires:
                if wire not in given:
                    _refuse(found, f"is required with {given[0]}", f".{wire}")

    return check
