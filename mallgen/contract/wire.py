"""How the fields of a contract's structs travel: what each source carries of them, and by which rules.

`fields` gives the fields of a struct, `request` how one method reads them, `json_types` the structs that are part of a
JSON text. Whoever writes code, documents or verdicts from a contract asks here, and spells the answer in its own way.
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
    Type,
    TypeRef,
    named,
    peel,
)

FORM_BODY = frozenset({"post", "put", "patch"})  # Go's ParseForm reads a form's body for these, else the query alone
BODILESS = frozenset({"get", "head"})  # a field with `form` and `json` comes in the query
WITHOUT_BODY = BODILESS | {"delete", "options"}  # browsers and proxies may drop their body


class WireValue(Struct, frozen=True):
    """What one source carries of a field.

    `source` is path, form (the query, or a form's body), header or json; `key` is the name there.
    `optional`: the value may be absent, since the tag has `optional`, `default=…` or `omitempty`.
    `not_null`: a pointer that must be sent, so that null is refused as absence is.
    `default` is the value of an absent field, None where the contract gives none and the zero value is meant.
    `options` are the values that are allowed, in a list those of its elements.
    `range` are the bounds of a number that is not refused, `limit` those outside of which the default is used.
    `quoted`: the number or boolean is written in quotation marks.
    `omitempty`: the tag says so; `omits_empty` is whether it makes a difference.
    `comes_with`, `comes_without`: the key of another field of this source; both come, or exactly one of the two.
    `together` names the optional embedded struct whose fields in this source come all or not at all.
    `problems`: what is wrong with the tag for a field of this type; `default` and `options` are then not to be used.
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
        """Whether a request without it is refused; a field that comes together with others may be absent with them."""
        return not self.optional and not self.together

    @property
    def omits_empty(self) -> bool:
        """Whether an answer leaves the value out while it is empty: a struct or an array with elements never is."""
        ref = self.field.type
        return (
            self.omitempty
            and not isinstance(ref, Named | Inline)
            and not (isinstance(ref, Array) and ref.length.strip("0"))
        )


class WireField(Struct, frozen=True):
    """A field with what each of its sources carries of it, in the order path, form, header, json."""

    field: Field
    values: tuple[WireValue, ...]

    def of(self, source: str) -> WireValue | None:
        """What `source` carries of the field, None when the field is not bound to it."""
        for value in self.values:
            if value.source == source:
                return value
        return None

    @property
    def main(self) -> WireValue:
        """The value whose rules are those of the type: json's where there is one."""
        return self.of("json") or self.values[0]

    @property
    def is_either(self) -> bool:
        """Whether the field must come, in the form or in the JSON body: the kind of the request decides in which."""
        form, json = self.of("form"), self.of("json")
        return form is not None and json is not None and not form.optional and not json.optional

    def in_body(self, method: str) -> bool:
        """Whether the JSON body of a request with `method` is looked at for the field."""
        return self.of("json") is not None and not (method in BODILESS and self.of("form") is not None)


class Request(Struct, frozen=True):
    """How a request is read: `parameters` of path, form and header, and the fields of its JSON body.

    `reads_form_body`: a form is looked for in the body as well as in the query.
    """

    parameters: tuple[WireValue, ...]
    body: tuple[WireField, ...]
    reads_form_body: bool


def fields(struct: Type | Inline) -> tuple[WireField, ...]:
    """The fields of a struct, those of embedded structs among them."""
    return tuple(map(wire_field, struct.fields))


def wire_field(field: Field) -> WireField:
    """What the sources carry of one field."""
    return WireField(field, tuple(_value(field, binding) for binding in field.bindings))


def request(struct: Iterable[WireField], method: str) -> Request:
    """How the struct of a request is read for `method`, which is written as in the contract: `post`."""
    struct = tuple(struct)
    parameters = tuple(value for field in struct for value in field.values if value.source != "json")
    return Request(parameters, tuple(field for field in struct if field.in_body(method)), method in FORM_BODY)


def together(struct: Iterable[WireField], source: str) -> dict[str, tuple[str, ...]]:
    """The keys that come all or not at all in one source, by the optional embedded struct they belong to."""
    found: dict[str, tuple[str, ...]] = {}
    for field in struct:
        value = field.of(source)
        if value is not None and value.together:
            found[value.together] = (*found.get(value.together, ()), value.key)
    return found


def wrong_tags(struct: Iterable[WireField]) -> Iterator[Diagnostic]:
    """Every tag that says of its field what a field of this type cannot have."""
    for field in struct:
        for value in field.values:
            for problem in value.problems:
                message = f"field `{field.field.name}`: {problem}"
                yield Diagnostic("bad-tag", message, field.field.span, "correct the tag, or the type of the field")


def json_types(contract: Contract) -> set[str]:
    """The names of the structs that are part of a JSON text: of an answer, or below a request."""
    declared = {t.name: t for t in contract.types}
    routes = [route for group in contract.groups for route in group.routes]
    waiting = [ref.name for route in routes if route.response is not None for ref in named(route.response)]
    for name in {ref.name for route in routes if route.request is not None for ref in named(route.request)}:
        waiting += _below(declared[name].fields)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _below(declared[name].fields)
    return found


def _below(struct: Sequence[Field]) -> Iterator[str]:
    for field in struct:
        match peel(field.type, Pointer, Slice, Array, Map):
            case Named(name=name):
                yield name
            case Inline(fields=inner):
                yield from _below(inner)


def binding(field: Field, source: str) -> Binding | None:
    """The tag of a field for one source."""
    for found in field.bindings:
        if found.source == source:
            return found
    return None


def path_parameters(path: str) -> list[str]:
    """`id` of `/user/:id`."""
    return [part[1:] for part in path.split("/") if part.startswith(":")]


def without_parameter(struct: Iterable[Field], path: str) -> Iterator[tuple[Field, Binding]]:
    """The fields that must come in a parameter which the path does not have."""
    parameters = path_parameters(path)
    for field in struct:
        found = binding(field, "path")
        if found and found.key not in parameters and not found.optional and found.default is None:
            yield field, found


def base_type(ref: TypeRef) -> BaseType | None:
    """The base type of a field, behind pointers; None for anything else."""
    ref = peel(ref, Pointer)
    return BASE_TYPES[ref.name] if isinstance(ref, Primitive) else None


def is_bytes(ref: TypeRef) -> bool:
    """`[]byte`, which JSON carries as base64."""
    return isinstance(ref, Slice) and isinstance(ref.elem, Primitive) and BASE_TYPES[ref.elem.name].is_byte


def inside(value: float, bounds: Bounds) -> bool:
    """Whether a number lies within bounds."""
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
        quoted=binding.string and isinstance(ref, Primitive),
        omitempty=binding.omitempty,
        comes_with=comes_with,
        comes_without=comes_without,
        together="" if optional else field.together,
        problems=problems,
    )


_Values = tuple[Scalar | tuple[Scalar, ...] | None, tuple[Scalar, ...], tuple[str, ...]]


def _values(binding: Binding, ref: TypeRef) -> _Values:
    """The default, the options, and what is wrong with them or with the bounds."""
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
