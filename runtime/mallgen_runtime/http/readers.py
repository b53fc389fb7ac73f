"""Readers of path, query, form and header values. They collect errors; `Context.done` raises them at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, TypeVar, cast, overload

from mallgen_runtime.http.problems import invalid
from mallgen_runtime.schema import FLOAT32_MAX, UNSET, Limit, Range, UnsetType, exactly
from mallgen_runtime.schema.decoding import Wrong, decode
from mallgen_runtime.schema.errors import FieldError, TooMany, note
from mallgen_runtime.schema.scalars import BAD, from_text

T = TypeVar("T")
V = TypeVar("V", covariant=True)
W = TypeVar("W")
REQUIRED: Final[Any] = object()
Pair = tuple[float, float]
MAX_JSON = 1 << 16  # characters of JSON in one value of a form, which is read in the event loop


class Scalar(Protocol[V]):
    """A reader of one value: `form.int64("ps", 20, limit=(1, 50))`. Without a default the value is required."""

    @overload
    def __call__(
        self,
        name: str,
        default: None,
        *,
        options: Sequence[Any] = (),
        range: Range | None = None,
        limit: Pair | Limit | None = None,
    ) -> V | None: ...

    @overload
    def __call__(
        self,
        name: str,
        default: Any = ...,
        *,
        options: Sequence[Any] = (),
        range: Range | None = None,
        limit: Pair | Limit | None = None,
    ) -> V: ...


class Many(Protocol[W]):
    """A reader of a repeated value: `form.int64_list("ids", [])`."""

    @overload
    def __call__(
        self, name: str, default: None, *, options: Sequence[Any] = (), length: int | None = None
    ) -> list[W] | None: ...

    @overload
    def __call__(
        self, name: str, default: Any = ..., *, options: Sequence[Any] = (), length: int | None = None
    ) -> list[W]: ...


def _scalar(kind: type[Any], reason: str, low: float | None = None, high: float | None = None) -> Any:
    def read(
        self: "Reader",
        name: str,
        default: Any = REQUIRED,
        *,
        options: Sequence[Any] = (),
        range: Range | None = None,  # noqa: A002 - the option of the contract
        limit: Pair | Limit | None = None,
    ) -> Any:
        text = self.first(name)
        if not text:
            return self.absent(name, default, kind)
        value = from_text(text, kind)
        if value is BAD:
            return self.wrong(name, reason, kind())
        if low is not None and high is not None and not low <= value <= high:
            return self.wrong(name, f"must be from {low} to {high}", kind())
        if limit is not None and not _within(value, limit):
            return default
        if options and value not in options:
            return self.wrong(name, f"must be one of {', '.join(map(str, options))}", kind())
        if range is not None and not range.holds(value):
            return self.wrong(name, f"must be {range.words()}", kind())
        return value

    return read


def _many(kind: type[Any], reason: str, low: float | None = None, high: float | None = None) -> Any:
    one: Callable[..., Any] = _scalar(kind, reason, low, high)

    def read(
        self: "Reader",
        name: str,
        default: Any = REQUIRED,
        *,
        options: Sequence[Any] = (),
        length: int | None = None,
    ) -> Any:
        texts = [text for text in self.all(name) if text]
        if not texts:
            return self.absent(name, default, list)
        if length is not None and len(texts) != length:
            return self.wrong(name, f"must have exactly {length} values", [])
        names = [name] if len(texts) == 1 else [f"{name}[{index}]" for index in range(len(texts))]
        single = Reader(self.source, {key: [text] for key, text in zip(names, texts, strict=True)}, self.errors)
        return [one(single, key, options=options) for key in names]

    return read


def _within(value: float, limit: Pair | Limit) -> bool:
    if isinstance(limit, Limit):
        return limit.holds(value)
    return limit[0] <= value <= limit[1]


_WHOLE, _NUMBER, _BOOL, _TEXT = "must be a whole number", "must be a number", "must be true or false", "must be text"


class Reader:
    """Values by name from one source of a request; an empty value counts as absent, as in go-zero."""

    __slots__ = ("errors", "source", "values")

    def __init__(self, source: str, values: Mapping[str, list[str]], errors: list[FieldError]) -> None:
        self.source = source
        self.values = values
        self.errors = errors

    if TYPE_CHECKING:
        int8: Scalar[int]
        int16: Scalar[int]
        int32: Scalar[int]
        int64: Scalar[int]
        uint8: Scalar[int]
        uint16: Scalar[int]
        uint32: Scalar[int]
        uint64: Scalar[int]
        float32: Scalar[float]
        float64: Scalar[float]
        boolean: Scalar[bool]
        string: Scalar[str]
        int8_list: Many[int]
        int16_list: Many[int]
        int32_list: Many[int]
        int64_list: Many[int]
        uint8_list: Many[int]
        uint16_list: Many[int]
        uint32_list: Many[int]
        uint64_list: Many[int]
        float32_list: Many[float]
        float64_list: Many[float]
        boolean_list: Many[bool]
        string_list: Many[str]

    def first(self, name: str) -> str:
        """Return the first value of a name or of `name[]`, as in go-zero; empty when there is none."""
        found = self.values.get(name) or self.values.get(f"{name}[]")
        return found[0] if found else ""

    def all(self, name: str) -> list[str]:
        """Return every value of a name; `name[]` is the same name."""
        return [*self.values.get(name, ()), *self.values.get(f"{name}[]", ())]

    def json(self, name: str, kind: type[T], default: Any = REQUIRED, *, length: int | None = None) -> T:
        """A value that is JSON text; `length` is that of a list."""
        text = self.first(name)
        if not text:
            made: T = self.absent(name, default, lambda: None)
            return made
        nothing: T = default
        if len(text) > MAX_JSON:
            self.wrong(name, f"has more than {MAX_JSON} characters", None)
            return nothing
        annotation: Any = kind if length is None else Annotated[kind, exactly(length)]
        try:
            return cast(T, decode(text.encode(), annotation, self.source))
        except Wrong as problem:
            for error in problem.errors:
                tail = error.name if error.name.startswith("[") or not error.name else f".{error.name}"
                self.wrong(f"{name}{tail}", error.reason, None)
            return nothing

    def either(self, name: str, given: T, body: T | UnsetType) -> T:
        """A field that must come in the form or in the JSON body: the body's value where both have it."""
        if body is not UNSET:
            return body
        if given is UNSET:
            self.wrong(name, "is required", None)
        return given

    def together(self, group: str, *names: str) -> None:
        """The fields of an optional embedded struct: all or none."""
        given = [name for name in names if self.first(name)]
        if given and len(given) < len(names):
            for name in names:
                if name not in given:
                    self.wrong(name, f"is required with {given[0]}", None)

    def with_(self, name: str, other: str) -> None:
        """`optional=other`: comes exactly when the other comes."""
        if bool(self.first(name)) != bool(self.first(other)):
            self.wrong(name, f"must come together with {other}", None)

    def without(self, name: str, other: str) -> None:
        """`optional=!other`: comes exactly when the other does not."""
        if bool(self.first(name)) == bool(self.first(other)):
            self.wrong(name, f"must come exactly when {other} does not", None)

    def wrong(self, name: str, reason: str, instead: Any) -> Any:
        """Note a wrong field and return `instead` until `Context.done` raises. Too many raise at once."""
        try:
            note(self.errors, FieldError(self.source, name, reason))
        except TooMany:
            raise invalid(self.errors) from None
        return instead

    def absent(self, name: str, default: Any, kind: Callable[[], Any]) -> Any:
        """Return the default of a missing field, or note that it is required."""
        return self.wrong(name, "is required", kind()) if default is REQUIRED else default


for _bits in (8, 16, 32, 64):
    _signed = (int, _WHOLE, -(2 ** (_bits - 1)), 2 ** (_bits - 1) - 1)
    _unsigned = (int, _WHOLE, 0, 2**_bits - 1)
    setattr(Reader, f"int{_bits}", _scalar(*_signed))
    setattr(Reader, f"uint{_bits}", _scalar(*_unsigned))
    setattr(Reader, f"int{_bits}_list", _many(*_signed))
    setattr(Reader, f"uint{_bits}_list", _many(*_unsigned))
for _name, _kind, _reason, _bound in (
    ("float32", float, _NUMBER, FLOAT32_MAX),
    ("float64", float, _NUMBER, None),
    ("boolean", bool, _BOOL, None),
    ("string", str, _TEXT, None),
):
    _low = None if _bound is None else -_bound
    setattr(Reader, _name, _scalar(_kind, _reason, _low, _bound))
    setattr(Reader, f"{_name}_list", _many(_kind, _reason, _low, _bound))
