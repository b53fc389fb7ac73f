"""The Contract: the content of a set of `.api` files as values, independent of any language or framework.

All values are immutable and ordered; most carry the Span they were read from. Names are spelled as the
contract spells them (Go style); emitters derive their own.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from mallgen.text.span import Span

PAGE_KEY = "adminPage"  # of info: "true" asks for the page of a back office


class TypeRef(Struct, frozen=True):
    """A use of a type: one of the subclasses below."""


class Primitive(TypeRef, frozen=True):
    """A base type in Go's spelling: bool, int8 … uint64, uintptr, float32, float64, string, byte, rune."""

    name: str


class AnyType(TypeRef, frozen=True):
    """`any` or `interface{}`, as written."""

    text: str = "any"


class Named(TypeRef, frozen=True):
    """A reference to a type that the contract declares."""

    name: str
    span: Span


class Pointer(TypeRef, frozen=True):
    """`*T`."""

    elem: TypeRef


class Slice(TypeRef, frozen=True):
    """`[]T`."""

    elem: TypeRef


class Array(TypeRef, frozen=True):
    """`[N]T`; `length` is the text between the brackets."""

    length: str
    elem: TypeRef


class Map(TypeRef, frozen=True):
    """`map[K]V`."""

    key: TypeRef
    elem: TypeRef


class Inline(TypeRef, frozen=True):
    """An anonymous struct: `members` as written, `fields` as they are on the wire."""

    members: "tuple[Member, ...]"
    fields: "tuple[Field, ...]" = ()


class Bounds(Struct, frozen=True):
    """The interval `[low:high]`; None means no bound on that side. `open_low`/`open_high` exclude the bound itself."""

    low: float | int | None
    high: float | int | None
    open_low: bool = False
    open_high: bool = False


class Binding(Struct, frozen=True):
    """One source tag of a field, parsed: `form:"ps,default=20,limit=[1:50]"`.

    `source` is json, form, path or header; `depends` holds `other` or `!other` of `optional=other`;
    `default` is the text after `default=`, None when there is none; `unknown` are options that go-zero ignores.
    """

    source: str
    key: str
    optional: bool = False
    depends: str = ""
    default: str | None = None
    options: tuple[str, ...] = ()
    range: Bounds | None = None
    limit: Bounds | None = None
    string: bool = False
    omitempty: bool = False
    unknown: tuple[str, ...] = ()


class Member(Struct, frozen=True):
    """A line of a struct as it was written. An embedded one has its type's name as its only name."""

    names: tuple[str, ...]
    type: TypeRef
    tag: str
    comment: str
    docs: tuple[str, ...]
    embedded: bool
    span: Span
    tag_span: Span | None = None


class Field(Struct, frozen=True):
    """An effective field: embedded structs are flattened, several names split, tags parsed.

    `together` names the optional embedded struct whose fields a request must have all or none of; "" without one.
    `validate` is the value of the tag of that name: `required,min=6`.
    """

    name: str
    type: TypeRef
    bindings: tuple[Binding, ...]
    comment: str
    docs: tuple[str, ...]
    span: Span
    together: str = ""
    validate: str = ""


class Type(Struct, frozen=True):
    """A declared struct: `members` as written, `fields` as they are on the wire."""

    name: str
    members: tuple[Member, ...]
    fields: tuple[Field, ...]
    comment: str
    docs: tuple[str, ...]
    span: Span


class Pair(Struct, frozen=True):
    """A key and its value in info, @server or @doc; quotation marks are stripped from the value."""

    key: str
    value: str
    span: Span


class Route(Struct, frozen=True):
    """A route of a service. `path` is as written, `full_path` has the group's prefix in front.

    `doc` is the text of `@doc "…"` or its `summary`, `doc_pairs` are the pairs of `@doc (…)`. `status` is that of a
    good answer, mallgen's own key of @doc. The `response` of a WebSocket is the type of what the service sends.
    """

    method: str
    path: str
    full_path: str
    handler: str
    request: TypeRef | None
    response: TypeRef | None
    doc: str
    doc_pairs: tuple[Pair, ...]
    docs: tuple[str, ...]
    span: Span
    handler_span: Span
    path_span: Span
    status: int = 200

    def doc_pair(self, key: str) -> Pair | None:
        """Return the pair of @doc that counts for a key."""
        return next((pair for pair in reversed(self.doc_pairs) if pair.key == key), None)

    @property
    def websocket(self) -> bool:
        """Return whether the route is a WebSocket: mallgen's own key of @doc."""
        pair = self.doc_pair("websocket") if self.doc_pairs else None
        return pair is not None and pair.value == "true"

    @property
    def message(self) -> TypeRef | None:
        """The type of what clients of a WebSocket send, mallgen's own key of @doc; None where they send nothing."""
        pair = self.doc_pair("message") if self.websocket else None
        return Named(pair.value, pair.span) if pair is not None else None


class Group(Struct, frozen=True):
    """One `service` block with its `@server` values. `timeout_ms` and the limits are None when not given.

    `max_parts` and `max_part_bytes` are those of forms with files.
    `sse`: the routes answer with server-sent events.
    `cors` names the settings for pages of other origins, empty where those of the service hold. `roles` are those of
    which a token must have one, none where any token will do.
    """

    server: tuple[Pair, ...]
    routes: tuple[Route, ...]
    prefix: str
    group: str
    jwt: str
    jwt_transition: str
    middlewares: tuple[str, ...]
    timeout_ms: int | None
    max_bytes: int | None
    span: Span
    sse: bool = False
    cors: str = ""
    max_parts: int | None = None
    max_part_bytes: int | None = None
    roles: tuple[str, ...] = ()


class Contract(Struct, frozen=True):
    """A whole contract, sorted as goctl sorts: types by name, routes by path in their group, groups by `group`."""

    file: str
    service: str
    info: tuple[Pair, ...]
    types: tuple[Type, ...]
    groups: tuple[Group, ...]

    @property
    def has_page(self) -> bool:
        """True for a contract that asks for the page of a back office."""
        return any(pair.key == PAGE_KEY and pair.value == "true" for pair in self.info)


def spell(ref: TypeRef) -> str:
    """Return the canonical source text of a type, as goctl writes it (`[]*Product`, `map[string]int64`)."""
    match ref:
        case Primitive(name=name) | Named(name=name):
            return name
        case AnyType(text=text):
            return text
        case Pointer(elem=elem):
            return f"*{spell(elem)}"
        case Slice(elem=elem):
            return f"[]{spell(elem)}"
        case Array(length=length, elem=elem):
            return f"[{length}]{spell(elem)}"
        case Map(key=key, elem=elem):
            return f"map[{spell(key)}]{spell(elem)}"
        case Inline(members=members):
            return "{" + "; ".join(_spell_member(m) for m in members) + "}"
    raise AssertionError(f"a TypeRef of an unknown kind: {ref!r}")


def _spell_member(member: Member) -> str:
    text = spell(member.type) if member.embedded else f"{', '.join(member.names)} {spell(member.type)}"
    return f"{text} {member.tag}" if member.tag else text


def peel(ref: TypeRef, *kinds: type[Pointer] | type[Slice] | type[Array] | type[Map]) -> TypeRef:
    """Return the inner type without its outer layers of the given kinds: `T` of `**T` for Pointer."""
    while isinstance(ref, kinds):
        ref = ref.elem
    return ref


def elements(ref: TypeRef) -> Iterator[TypeRef]:
    """Yield a type, its element, the element of that and so on; neither keys of maps nor the fields of a struct."""
    yield ref
    while isinstance(ref, Pointer | Slice | Array | Map):
        ref = ref.elem
        yield ref


def walk(ref: TypeRef) -> Iterator[TypeRef]:
    """Yield a type and all types in it, as they are written from left to right: keys, elements, struct members."""
    waiting = [ref]
    while waiting:
        ref = waiting.pop()
        yield ref
        match ref:
            case Pointer(elem=elem) | Slice(elem=elem) | Array(elem=elem):
                waiting.append(elem)
            case Map(key=key, elem=elem):
                waiting += (elem, key)
            case Inline(members=members):
                waiting += [member.type for member in reversed(members)]


def map_ref(ref: TypeRef, change: Callable[[TypeRef], TypeRef]) -> TypeRef:
    """Return a copy of a type with `change` applied to each innermost part: base types, names, anonymous structs."""
    match ref:
        case Pointer(elem=elem):
            return Pointer(map_ref(elem, change))
        case Slice(elem=elem):
            return Slice(map_ref(elem, change))
        case Array(length=length, elem=elem):
            return Array(length, map_ref(elem, change))
        case Map(key=key, elem=elem):
            return Map(map_ref(key, change), map_ref(elem, change))
    return change(ref)


def named(ref: TypeRef) -> Iterator[Named]:
    """Return the references to declared types in a type, as they are written from left to right."""
    return (part for part in walk(ref) if isinstance(part, Named))
