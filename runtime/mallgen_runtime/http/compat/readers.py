"""Readers of path, form and header values by go-zero's rules; mistakes are kept with their place in its order."""

from collections.abc import Mapping, Sequence
from typing import Any

from mallgen_runtime.http.compat.kinds import GoKind, kind_of, words
from mallgen_runtime.http.compat.mapping import (
    MISMATCH,
    absent,
    convert,
    fill_slice,
    in_range,
    map_from_string,
    not_an_option,
    slice_from_string,
)
from mallgen_runtime.http.compat.strconv import GoError, quote
from mallgen_runtime.http.compat.values import GivenList
from mallgen_runtime.http.readers import REQUIRED, Reader
from mallgen_runtime.schema import UNSET, Range
from mallgen_runtime.schema.reflection import describe

Places = list[tuple[float, GoError]]
_FIELD = 10_000.0
_LAST = 1e9


class GoReader(Reader):
    """One source of a request. `rank` is its place among the sources, `mistakes` what all of them found."""

    __slots__ = ("mistakes", "order", "rank")

    def __init__(self, source: str, values: Mapping[str, Any], rank: int, mistakes: Places) -> None:
        super().__init__(source, values, [])
        self.rank = rank
        self.mistakes = mistakes
        self.order: dict[str, int] = {}

    def key(self, name: str) -> str:
        """Return the name as go-zero looks it up."""
        return name

    def first(self, name: str) -> str:
        """Return the first value of a name, empty when there is none."""
        found = self.values.get(self.key(name))
        return found if isinstance(found, str) else found[0] if found else ""

    def place(self, name: str) -> float:
        """Return the place of a field in the order in which go-zero reads."""
        return self.rank * _FIELD + self.order.setdefault(self.key(name), len(self.order))

    def note(self, name: str, problem: GoError, before: float = 0) -> None:
        """Keep a mistake in a field."""
        self.mistakes.append((self.place(name) - before, problem))

    def read(self, name: str, kind: GoKind, default: Any) -> Any:
        """Return the value of a field; a mistake is kept."""
        key = self.key(name)
        self.place(name)
        try:
            if key not in self.values:
                return absent(kind, key) if default is REQUIRED or default is UNSET else default
            return self.convert(key, kind, self.values[key])
        except GoError as problem:
            self.note(name, problem)
            return kind.zero()

    def convert(self, key: str, kind: GoKind, given: Any) -> Any:
        """Turn what was sent into a field's type. Raises GoError."""
        if kind.name == "slice":
            return _strings(kind, given, key) if isinstance(given, list) else slice_from_string(kind, given, key)
        if kind.name == "array":
            raise GoError(f"type mismatch for field {quote(key)}")
        text = self.single(given)
        if kind.name == "map":
            return map_from_string(kind, text)
        if kind.name == "struct":
            raise GoError(f"type mismatch for field {quote(key)}")
        if kind.options and text not in kind.options:
            raise GoError(not_an_option(text, key, kind.options))
        made = convert(kind, text)
        in_range(kind, made)
        return made

    def single(self, given: Any) -> str:
        """Return the one text of a value."""
        text: str = given
        return text

    def json(self, name: str, kind: Any, default: Any = REQUIRED, *, length: int | None = None) -> Any:
        """A value of a type that is no base type; of fixed `length` it cannot be sent."""
        found = kind_of(describe(kind))
        return self.read(name, found._replace(name="array") if length is not None else found, default)

    def either(self, name: str, given: Any, body: Any) -> Any:
        """A field of the form and of the JSON body: the body is read last, and must have it."""
        if body is UNSET:
            self.mistakes.append((_LAST, GoError(f"field {quote(name)} is not set")))
        return body

    def together(self, group: str, *names: str) -> None:
        """The fields of an optional embedded struct: all or none."""
        given = [name for name in names if self.key(name) in self.values]
        if given and len(given) < len(names):
            self.mistakes[:] = [row for row in self.mistakes if row[0] not in map(self.place, names) or _real(row[1])]
            self.note(max(names, key=self.place), GoError(f"{quote(group)} is not fully set"), -0.5)

    def with_(self, name: str, other: str) -> None:
        """`optional=other`: comes exactly when the other comes."""
        base, own = self.key(other), self.key(name)
        if (own in self.values) != (base in self.values):
            text = f'values for {quote(base)} and {quote(own)} should be both provided or both not in ""'
            self.note(name, GoError(text), 0.5)

    def without(self, name: str, other: str) -> None:
        """`optional=!other`: comes exactly when the other does not."""
        base, own = self.key(other), self.key(name)
        if (own in self.values) == (base in self.values):
            self.note(name, GoError(f'set value for either {quote(base)} or {quote(own)} in ""'), 0.5)


def _real(problem: GoError) -> bool:
    return not problem.text.endswith("is not set")


class GoFormReader(GoReader):
    """A form: each name has a list of values, and what takes one takes the first."""

    __slots__ = ()

    def single(self, given: Any) -> str:
        """Return the first value."""
        text: str = given[0]
        return text


class GoHeaderReader(GoReader):
    """Headers: one that is repeated has a list of values, which only a list can take."""

    __slots__ = ()

    def key(self, name: str) -> str:
        """Return the name as Go spells headers."""
        return canonical(name)

    def single(self, given: Any) -> str:
        """Return the value of a header that was sent once."""
        if isinstance(given, list):
            raise GoError("the value in map is not string, but slice")
        text: str = given
        return text


def canonical(name: str) -> str:
    """Return a header's name as Go's CanonicalMIMEHeaderKey does."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def _strings(kind: GoKind, texts: list[str], key: str) -> Any:
    element = kind.element
    if element.name == "struct":
        raise GoError(MISMATCH)
    if element.name == "slice":
        return fill_slice(element, texts[0], f"{key}[0]")
    return GivenList(convert(element, text) for text in texts)


def _scalar(kind: GoKind) -> Any:
    def read(
        self: GoReader,
        name: str,
        default: Any = REQUIRED,
        *,
        options: Sequence[Any] = (),
        range: Range | None = None,  # noqa: A002 - the option of the contract
        limit: Any = None,
    ) -> Any:
        ruled = kind if range is None and not options else kind._replace(bounds=range, options=words(options))
        return self.read(name, ruled, default)

    return read


def _many(kind: GoKind, annotation: Any) -> Any:
    whole = GoKind("slice", 0, describe(list[annotation]))

    def read(
        self: GoReader,
        name: str,
        default: Any = REQUIRED,
        *,
        options: Sequence[Any] = (),
        length: int | None = None,
    ) -> Any:
        return self.read(name, whole if length is None else whole._replace(name="array"), default)

    return read


def _install(name: str, annotation: Any) -> None:
    kind = kind_of(describe(annotation))
    setattr(GoReader, name, _scalar(kind))
    setattr(GoReader, f"{name}_list", _many(kind, annotation))


def _install_all() -> None:
    from mallgen_runtime import schema

    for bits in (8, 16, 32, 64):
        _install(f"int{bits}", getattr(schema, f"Int{bits}"))
        _install(f"uint{bits}", getattr(schema, f"UInt{bits}"))
    for name, annotation in (("float32", schema.Float32), ("float64", float), ("boolean", bool), ("string", str)):
        _install(name, annotation)


_install_all()
