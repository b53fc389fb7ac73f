"""The base types of Go, by name: the kind of value each holds, and its smallest and largest value."""

from typing import Literal

from msgspec import Struct

Kind = Literal["bool", "string", "integer", "float", "complex"]


class BaseType(Struct, frozen=True):
    """A base type. `low` and `high` are the smallest and the largest number that fits, None when it is no number.

    `canonical` is the sized type with the same values: `int64` for `int`, `uint8` for `byte`; else the name itself.
    """

    name: str
    kind: Kind
    canonical: str
    bits: int = 0
    signed: bool = True
    low: int | float | None = None
    high: int | float | None = None

    @property
    def is_number(self) -> bool:
        """Return whether values of the type can have bounds; complex numbers cannot, they have no order."""
        return self.kind in ("integer", "float")

    @property
    def is_byte(self) -> bool:
        """Return whether a list of this type is binary data."""
        return self.canonical == "uint8"

    @property
    def is_map_key(self) -> bool:
        """Return whether the keys of a JSON object can have this type."""
        return self.kind in ("integer", "string")


def _integer(name: str, bits: int, signed: bool) -> BaseType:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return BaseType(name, "integer", f"{'' if signed else 'u'}int{bits}", bits, signed, low, high)


def _float(bits: int, largest: float) -> BaseType:
    return BaseType(f"float{bits}", "float", f"float{bits}", bits, True, -largest, largest)


_ALL = (
    BaseType("bool", "bool", "bool"),
    BaseType("string", "string", "string"),
    _integer("byte", 8, signed=False),
    _integer("rune", 32, signed=True),
    _float(32, 3.4028234663852886e38),
    _float(64, 1.7976931348623157e308),
    BaseType("complex64", "complex", "complex64", 64),
    BaseType("complex128", "complex", "complex128", 128),
    _integer("uintptr", 64, signed=False),
    _integer("int", 64, signed=True),
    _integer("uint", 64, signed=False),
    *(_integer(f"int{bits}", bits, signed=True) for bits in (8, 16, 32, 64)),
    *(_integer(f"uint{bits}", bits, signed=False) for bits in (8, 16, 32, 64)),
)
BASE_TYPES = {base.name: base for base in _ALL}
