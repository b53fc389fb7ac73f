"""The wire format of a contract's structs: which source carries which field, and by which rules.

`wire_field` returns what the sources carry of a field, `request` the way in which one method reads a struct,
`json_types` the structs that are part of a JSON text. It is independent of the generated language: emitters and lint
share it.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from mallgen.contract.base_types import BASE_TYPES, BaseType
from mallgen.contract.values import BadValue, Scalar, default_of, options_of
from mallgen.diagnostics import Diagnostic
from mallgen.model import (
    AnyType,
    Array,
    Binding,
    Bounds,
    Contract,
    Field,
    Inline,
    Map,
    Named,
    Pointer,
    Primitive,
    Slice,
    TypeRef,
    named,
    peel,
)

FORM_BODY = frozenset({"post", "put", "patch"})  # Go's ParseForm reads a form's body for these, else the query alone
BODILESS = frozenset({"get", "head"})  # a field with both `form` and `json` comes in the query for these
WITHOUT_BODY = BODILESS | {"delete", "options"}  # browsers and proxies may drop the body of these


class WireValue(Struct, frozen=True):
    """The value of a field in one source, with the rules for it.

    `source` is path, form (the query, or a form's body), header or json; `key` is the wire name in this source.
    `optional`: the value may be absent, since the tag has `optional`, `default=…` or `omitempty`.
    `not_null`: the field is a pointer that must be sent: null is refused as an absent value is.
    `default` is the value of an absent field, None when the contract gives none and the zero value is meant.
    `options` are the allowed values, for a list those of its elements; empty when all are allowed.
    `range` are the bounds outside of which a number is refused, `limit` those outside of which the default is used.
    `quoted`: the number or boolean is written in quotation marks.
    `omitempty`: the tag has this option; `omits_empty` says whether it has an effect for the field's type.
    `comes_with` is the key of another field of this source: both are sent or neither.
    `comes_without` is the key of another field of this source: exactly one of the two is sent.
    `together` names the optional embedded struct whose fields in this source are sent all or not at all.
    `problems` say what in the tag does not fit the field's type; `default` and `options` may then be empty.
    """

    field: Field
    source: str
    key: str
    optional: bool = False
    not_null: bool = False
    default: Scalar | tuple[Scalar, ...] | None = None
    options: tuple[Scalar, ...] = ()
    range: Bounds | None = None
    limit: Bounds | None = None
    quoted: bool = False
    omitempty: bool = False
    comes_with: str = ""
    comes_without: str = ""
    together: str = ""
    problems: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Return whether a request without the value is refused; fields sent `together` may be absent together."""
        return not self.optional and not self.together

    @property
    def omits_empty(self) -> bool:
        """Return whether a response leaves an empty value out; a struct or an array with elements is never empty."""
        ref = self.field.type
        return (
            self.omitempty
            and not isinstance(ref, Named | Inline)
            and not (isinstance(ref, Array) and ref.length.strip("0"))
        )


class WireField(Struct, frozen=True):
    """A field with its value in each of its sources, in the order path, form, header, json."""

    field: Field
    values: tuple[WireValue, ...]

    def of(self, source: str) -> WireValue | None:
        """Return the field's value in `source`, None when the field is not bound to it."""
        for value in self.values:
            if value.source == source:
                return value
        return None

    @property
    def main(self) -> WireValue:
        """The value whose rules the attribute of a generated class has: json's, else that of the first source."""
        return self.of("json") or self.values[0]

    @property
    def is_either(self) -> bool:
        """Return whether the field must be sent in the form or in the JSON body; the kind of request decides which."""
        form, json = self.of("form"), self.of("json")
        return form is not None and json is not None and not form.optional and not json.optional

    def in_body(self, method: str) -> bool:
        """Return whether the field is read from the JSON body of a request with `method`."""
        return self.of("json") is not None and not (method in BODILESS and self.of("form") is not None)


class Request(Struct, frozen=True):
    """The sources that a request is read from: `parameters` of path, form and header, the fields of its JSON body.

    `reads_form_body`: a form is read from the body as well as from the query.
    """

    parameters: tuple[WireValue, ...]
    body: tuple[WireField, ...]
    reads_form_body: bool


def wire_field(field: Field) -> WireField:
    """Return a field with its value in each source."""
    if len(field.bindings) == 1 and field.type.__class__ is Primitive and not field.together:
        only = field.bindings[0]
        if only == Binding(only.source, only.key):  # most fields have one tag without options
            return WireField(field, (WireValue(field, only.source, only.key),))
    return WireField(field, tuple([_value(field, binding) for binding in field.bindings]))


def request(struct: Iterable[WireField], method: str) -> Request:
    """Return the way in which `method`, spelt as in the contract (`post`), reads the struct of a request."""
    struct = tuple(struct)
    parameters = tuple(value for field in struct for value in field.values if value.source != "json")
    return Request(parameters, tuple(field for field in struct if field.in_body(method)), method in FORM_BODY)


def together(struct: Iterable[WireField], source: str) -> dict[str, tuple[str, ...]]:
    """Return the keys that one source has all or none of, by the optional embedded struct they belong to."""
    keys: dict[str, tuple[str, ...]] = {}
    for field in struct:
        value = field.of(source)
        if value is not None and value.together:
            keys[value.together] = (*keys.get(value.together, ()), value.key)
    return keys


def wrong_tags(struct: Iterable[WireField]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for every default, option or bound in a tag that does not fit its field's type."""
    for field in struct:
        for value in field.values:
            for problem in value.problems:
                message = f"field `{field.field.name}`: {problem}"
                yield Diagnostic("bad-tag", message, field.field.span, "correct the tag, or the type of the field")


def json_types(contract: Contract) -> set[str]:
    """Return the names of the structs in a JSON text: in a response, a message of a socket, or nested in a request."""
    declared = {t.name: t for t in contract.types}
    routes = [route for group in contract.groups for route in group.routes]
    texts = [ref for route in routes for ref in (route.response, route.message) if ref is not None]
    waiting = [ref.name for text in texts for ref in named(text) if ref.name in declared]
    for name in {ref.name for route in routes if route.request is not None for ref in named(route.request)}:
        waiting += _nested_structs(declared[name].fields)
    names: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += _nested_structs(declared[name].fields)
    return names


def _nested_structs(struct: Sequence[Field]) -> Iterator[str]:
    for field in struct:
        match peel(field.type, Pointer, Slice, Array, Map):
            case Named(name=name):
                yield name
            case Inline(fields=inner):
                yield from _nested_structs(inner)


def binding(field: Field, source: str) -> Binding | None:
    """Return the binding of a field to one source, None when it has none."""
    for found in field.bindings:
        if found.source == source:
            return found
    return None


def path_parameters(path: str) -> list[str]:
    """Return the names of a path's parameters: `id` for `/user/:id`."""
    return [part[1:] for part in path.split("/") if part.startswith(":")]


def without_parameter(struct: Iterable[Field], path: str) -> Iterator[tuple[Field, Binding]]:
    """Yield the required fields that are bound to a path parameter which the path does not have."""
    parameters = path_parameters(path)
    for field in struct:
        found = binding(field, "path")
        if found and found.key not in parameters and not found.optional and found.default is None:
            yield field, found


def base_type(ref: TypeRef) -> BaseType | None:
    """Return the base type that a type or the target of its pointers is, None for any other type."""
    ref = peel(ref, Pointer)
    return BASE_TYPES[ref.name] if isinstance(ref, Primitive) else None


def is_bytes(ref: TypeRef) -> bool:
    """Return whether a type is `[]byte`, which JSON carries as base64."""
    return isinstance(ref, Slice) and isinstance(ref.elem, Primitive) and BASE_TYPES[ref.elem.name].is_byte


def inside(value: float, bounds: Bounds) -> bool:
    """Return whether a number lies within bounds."""
    low, high = bounds.low, bounds.high
    if low is not None and not (value > low if bounds.open_low else value >= low):
        return False
    return high is None or (value < high if bounds.open_high else value <= high)


def _value(field: Field, binding: Binding) -> WireValue:
    ref = field.type
    optional = binding.optional or binding.default is not None or binding.omitempty
    default, options, problems = _values(binding, ref)
    comes_with = comes_without = ""
    if binding.depends.startswith("!"):
        comes_without = binding.depends.lstrip("!")
    else:
        comes_with = binding.depends
    return WireValue(
        field,
        binding.source,
        binding.key,
        optional=optional,
        not_null=not optional and isinstance(ref, Pointer) and not isinstance(ref.elem, AnyType),
        default=default,
        options=options,
        range=binding.range,
        limit=binding.limit,
        quoted=binding.string and isinstance(peel(ref, Pointer), Primitive),
        omitempty=binding.omitempty,
        comes_with=comes_with,
        comes_without=comes_without,
        together="" if optional else field.together,
        problems=problems,
    )


_Values = tuple[Scalar | tuple[Scalar, ...] | None, tuple[Scalar, ...], tuple[str, ...]]


def _values(binding: Binding, ref: TypeRef) -> _Values:
    """Return the default, the options, and the problems of these and of the bounds."""
    if binding.default is None and not binding.options and binding.range is None and binding.limit is None:
        return None, (), ()
    try:
        default = None if binding.default is None else default_of(binding.default, ref)
        options = options_of(binding.options, ref)
    except BadValue as problem:
        return None, (), (str(problem),)
    base = base_type(ref)
    if (binding.range or binding.limit) and not (base and base.is_number):
        return default, options, ("only numbers have bounds",)
    return default, options, tuple(_contradictions(binding, default, options))


def _contradictions(
    binding: Binding, default: Scalar | tuple[Scalar, ...] | None, options: tuple[Scalar, ...]
) -> Iterator[str]:
    if default is None:
        if binding.limit is not None and not binding.optional:
            yield "`limit` needs a `default` to fall back to"
        return
    if binding.options and default not in options:
        yield f"the default {binding.default} is not one of the options"
    for bounds in (binding.range, binding.limit):
        if bounds is not None and isinstance(default, int | float) and not inside(default, bounds):
            yield f"the default {binding.default} is out of bounds"
