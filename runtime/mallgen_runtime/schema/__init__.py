"""The parts of generated schemas: structs, Go's number types, and the markers of a tag.

A marker stands in `Annotated[...]` and is honoured when JSON is read; constructors do not check.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar, cast, dataclass_transform

from msgspec import NODEFAULT, UNSET, Meta, Struct, StructMeta, UnsetType, field

from mallgen_runtime.schema.reflection import zero_value

__all__ = [
    "UNSET",
    "AsString",
    "Float32",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "Limit",
    "NotNull",
    "Omitting",
    "Options",
    "Range",
    "Struct",
    "Together",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "UnsetType",
    "Validate",
    "With",
    "Without",
    "always",
    "exactly",
    "field",
    "omitempty",
    "zero",
    "zero_dict",
    "zero_list",
]

T = TypeVar("T")


class _Bounds(Struct, frozen=True):
    low: float | int | None
    high: float | int | None
    open_low: bool = False
    open_high: bool = False

    def holds(self, value: float) -> bool:
        """Return whether `value` lies inside."""
        if self.low is not None and (value <= self.low if self.open_low else value < self.low):
            return False
        return self.high is None or not (value >= self.high if self.open_high else value > self.high)

    def words(self) -> str:
        """Return the bounds in words: `from 1 to 50`."""
        if self.low is None:
            return f"less than {self.high}" if self.open_high else f"at most {self.high}"
        start = f"more than {self.low}" if self.open_low else f"at least {self.low}"
        if self.high is None:
            return start
        if not self.open_low and not self.open_high:
            return f"from {self.low} to {self.high}"
        return f"{start} and {'less than' if self.open_high else 'at most'} {self.high}"


class Range(_Bounds, frozen=True):
    """`range=[low:high]`: a value outside is refused. `open_low` and `open_high` exclude the bound itself."""


class Limit(_Bounds, frozen=True):
    """`limit=[low:high]`: outside, the default is used."""


class Options:
    """`options=a|b`: any other value is refused."""

    __slots__ = ("values",)

    def __init__(self, *values: object) -> None:
        self.values = values


class AsString(Struct, frozen=True):
    """`,string`: the number or boolean travels as a JSON string."""


class NotNull(Struct, frozen=True):
    """A pointer that must be sent: neither absent nor null."""


class With(Struct, frozen=True):
    """`optional=other`: sent exactly when `other` is sent."""

    other: str


class Without(Struct, frozen=True):
    """`optional=!other`: sent exactly when `other` is not."""

    other: str


class Together(Struct, frozen=True):
    """A field of an optional embedded struct: its required fields are sent all or not at all."""

    group: str


class Validate(Struct, frozen=True):
    """A `validate` tag: words with commas between, as go-playground's validator reads them.

    `source` and `key` are where a request carries the field; an empty key is the field's name in JSON.
    """

    rules: str
    source: str = "json"
    key: str = ""


class Below(Struct, frozen=True):
    """An exclusive upper bound that msgspec cannot express."""

    bound: int


Int8 = Annotated[int, Meta(ge=-(2**7), le=2**7 - 1)]
Int16 = Annotated[int, Meta(ge=-(2**15), le=2**15 - 1)]
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
UInt8 = Annotated[int, Meta(ge=0, le=2**8 - 1)]
UInt16 = Annotated[int, Meta(ge=0, le=2**16 - 1)]
UInt32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
UInt64 = Annotated[int, Meta(ge=0), Below(2**64)]
FLOAT32_MAX = 3.4028234663852886e38
Float32 = Annotated[float, Meta(ge=-FLOAT32_MAX, le=FLOAT32_MAX)]


def exactly(count: int) -> Meta:
    """`[2]float64`: a list of exactly `count` values, in requests and in answers."""
    return Meta(min_length=count, max_length=count)


class _Left:
    """A default that is left out of the JSON text."""

    def __init__(self, default: Any, name: str | None) -> None:
        self.default = default
        self.name = name


def omitempty(default: T, *, name: str | None = None) -> T:
    """The default of a field that is left out of the JSON text while it has it; `name` is its name there."""
    return cast(T, _Left(default, name))


@dataclass_transform(field_specifiers=(field,), kw_only_default=False)
class _OmittingMeta(StructMeta):
    """msgspec leaves out all defaults of a struct or none; a default that a function makes it always writes."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **config: Any) -> Any:
        for key in namespace.get("__annotations__", ()):
            if key in namespace:
                namespace[key] = _told(namespace[key])
        return super().__new__(mcls, name, bases, namespace, omit_defaults=True, **config)


class Omitting(Struct, metaclass=_OmittingMeta):
    """A struct whose `omitempty(…)` fields are left out of the JSON text while they have that default, as in Go."""


def _told(default: Any) -> Any:
    """Return the field that makes msgspec write a default, or leave it out."""
    if isinstance(default, _Left):
        value = default.default
        if isinstance(value, list | dict):
            return field(name=default.name, default_factory=type(value))
        return field(name=default.name, default=value)
    if not isinstance(default, type(field())):
        return field(default_factory=always(default))
    if default.default is not NODEFAULT:
        return field(name=default.name, default_factory=always(default.default))
    made = {list: zero_list, dict: zero_dict}.get(default.default_factory)
    return field(name=default.name, default_factory=made) if made is not None else default


def always(value: T) -> Callable[[], T]:
    """Return a default that is written even where other defaults are left out of the JSON text."""
    return lambda: value


def zero_list() -> list[Any]:
    """Return an empty list that is written even where defaults are left out."""
    return []


def zero_dict() -> dict[Any, Any]:
    """Return an empty object that is written even where defaults are left out."""
    return {}


def zero(cls: type[T]) -> T:
    """Return a struct with Go's zero value in every field that has no default: 0, "", false, [], {}, null."""
    made: T = zero_value(cls)
    return made
