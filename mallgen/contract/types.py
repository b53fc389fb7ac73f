"""Turns declarations into the types of a Contract: looks names up and flattens embedded structs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from mallgen.contract.base_types import BASE_TYPES
from mallgen.contract.tags import OPTIONS, TagError, parse_tag, unread, validate_of
from mallgen.diagnostics import Diagnostic, Note
from mallgen.model import (
    AnyType,
    Array,
    Binding,
    Field,
    Inline,
    Map,
    Member,
    Named,
    Pointer,
    Primitive,
    Slice,
    Type,
    TypeRef,
    elements,
    map_ref,
    peel,
)
from mallgen.syntax.nodes import Declaration
from mallgen.text.limits import DEEPEST, raise_it
from mallgen.text.span import Span

_LAYOUT = dict.fromkeys(map(ord, "\t\r\f\v\n"))
MOST_PROBLEMS = 10_000
GUESSES = 20  # only this many unknown names get a guess: to compare each with thousands of names takes minutes
_LENGTH_DIGITS = 18  # Go counts with 63 bits, which hold any number of 18 digits


class Types:
    """A resolver of declarations, used once; `problems` collects its diagnostics."""

    def __init__(self, declarations: Mapping[str, Declaration], most: int) -> None:
        self.declarations = declarations
        self._most = most
        self._guesses = GUESSES
        self._seen: set[Diagnostic] = set()
        self._reported: Counter[str] = Counter()
        self.problems: list[Diagnostic] = []
        self._members: dict[str, tuple[Member, ...]] = {}

    def resolve(self) -> tuple[Type, ...]:
        """Return every declared struct, sorted by name as goctl sorts them."""
        for name, declaration in self.declarations.items():
            self._members[name] = self._declared(declaration)
        types = []
        total = 0
        for name in sorted(self.declarations):
            declaration = self.declarations[name]
            fields = self._fields(name)
            total += len(fields)
            if total > self._most:
                hint = f"use fields instead of embedded types, {raise_it('fields', 2 * self._most)}"
                message = f"the contract has more than {self._most} fields"
                self._report("too-many-fields", message, declaration.name.span, hint)
                break
            types.append(
                Type(name, self._members[name], fields, declaration.comment, declaration.docs, declaration.name.span)
            )
        return tuple(types)

    def lookup(self, ref: TypeRef) -> TypeRef:
        """Return the reference with its names replaced by base types or declared ones; report unknown names."""
        return map_ref(ref, self._known)

    def _known(self, ref: TypeRef) -> TypeRef:
        match ref:
            case Named(name=name, span=span):
                return self._name(name, span)
            case Inline(members=members):
                return Inline(tuple(self._member(member) for member in members))
        return ref

    def _name(self, name: str, span: Span) -> TypeRef:
        if name in BASE_TYPES:
            return Primitive(name)
        if name == "any":
            return AnyType("any")
        if name in self.declarations:
            return Named(name, span)
        self._guesses -= 1
        guess = _guess(name, [*self.declarations, *BASE_TYPES]) if self._guesses >= 0 else ""
        hint = guess or f"declare it: `type {name} {{ … }}`, or import the file that does"
        self._report("unknown-type", f"type `{name}` is not declared", span, hint)
        return Named(name, span)

    def _declared(self, declaration: Declaration) -> tuple[Member, ...]:
        if not isinstance(declaration.type, Inline):
            message = f"type `{declaration.name.value}` must be a struct"
            hint = f"write `type {declaration.name.value} {{ … }}`; aliases are not part of the language"
            self._report("not-a-struct", message, declaration.name.span, hint)
            return ()
        self._own_names(declaration.type.members)
        return tuple(self._member(member) for member in declaration.type.members)

    def _member(self, member: Member) -> Member:
        ref = self.lookup(member.type)
        refusal = _refusal(ref)
        if refusal is not None:
            code, message, hint = refusal
            self._report(code, message, member.span, hint)
        if _complex(ref):
            message = "complex numbers have no JSON form"
            self._report("no-json-form", message, member.span, "use two float64 fields", severity="unfit")
        if not isinstance(ref, Primitive | Named) and any(map(_is_too_long, elements(ref))):
            message = "no program can hold an array of this length"
            self._report("array-length", message, member.span, "write `[]` for a list", severity="unfit")
        return replace(member, type=ref)

    def _report(
        self,
        code: str,
        message: str,
        span: Span,
        hint: str = "",
        notes: tuple[Note, ...] = (),
        severity: str = "error",
    ) -> None:
        self._reported[severity] += 1
        if self._reported[severity] <= MOST_PROBLEMS:
            self._add(Diagnostic(code, message, span, hint, notes, severity))

    def _add(self, problem: Diagnostic) -> None:
        if problem not in self._seen:
            self._seen.add(problem)
            self.problems.append(problem)

    def _fields(self, name: str) -> tuple[Field, ...]:
        members = self._members[name]
        fields = self.unique(tuple(self._flatten(members, (name,), "")))
        return self._in_order(fields, members, (name,))

    def unique(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        """Return one field per name and per wire name: as in Go the outermost, which comes first; report the rest."""
        named: dict[str, Field] = {}
        for field in fields:
            named.setdefault(field.name, field)
        keys: dict[tuple[str, str], Field] = {}
        result = []
        for field in named.values():
            kept = tuple(b for b in field.bindings if keys.setdefault((b.source, b.key), field) is field)
            for lost in field.bindings:
                if lost not in kept:
                    self._lost(field, lost, keys[lost.source, lost.key])
            if kept:
                result.append(field if kept == field.bindings else replace(field, bindings=kept))
        return tuple(result)

    def _lost(self, field: Field, binding: Binding, other: Field) -> None:
        message = f'{binding.source} "{binding.key}" is bound to two fields; `{field.name}` is left out'
        note = Note(other.span, f"`{other.name}` has it already")
        hint = "give one of them another name"
        self._add(Diagnostic("duplicate-key", message, field.span, hint, (note,), severity="warning"))

    def _own_names(self, members: tuple[Member, ...]) -> None:
        seen: dict[str, Span] = {}
        for member in members:
            for name in member.names:
                if name in seen:
                    note = Note(seen[name], "first declared here")
                    message = f"field `{name}` is declared twice"
                    self._report("duplicate-field", message, member.span, "rename one of them", (note,), "unfit")
                seen.setdefault(name, member.span)

    def _flatten(self, members: tuple[Member, ...], path: tuple[str, ...], together: str) -> Iterator[Field]:
        own = [member for member in members if not member.embedded]
        for member in own:
            yield from self._own(member, path, together)
        for member in members:
            if member.embedded:
                yield from self._embedded(member, path, together)

    def _embedded(self, member: Member, path: tuple[str, ...], together: str) -> Iterator[Field]:
        name = member.names[0]
        if name in BASE_TYPES:
            hint = "give the field a name and a tag"
            message = f"`{name}` has no fields: embedded, it adds nothing"
            self._report("embedded-base-type", message, member.span, hint, severity="warning")
            return
        if name not in self._members or name in path:
            return
        if len(path) > DEEPEST["nesting"]:
            message = f"types embed each other more than {DEEPEST['nesting']} levels deep"
            self._report("too-deep", message, member.span, "use fields instead of embedded types")
            return
        bindings = self._parse(member, name) if member.tag else ()
        whole = name if any(binding.optional for binding in bindings) else together
        yield from self._flatten(self._members[name], (*path, name), whole)

    def _in_order(
        self, fields: tuple[Field, ...], members: tuple[Member, ...], path: tuple[str, ...]
    ) -> tuple[Field, ...]:
        """Return the fields as Go reads and writes them: those of an embedded struct in its place."""
        if not any(member.embedded for member in members):
            return fields
        ranks = {key: rank for rank, key in enumerate(self._places(members, path))}
        return tuple(sorted(fields, key=lambda field: ranks[field.span, field.name]))

    def _places(self, members: tuple[Member, ...], path: tuple[str, ...]) -> Iterator[tuple[Span, str]]:
        for member in members:
            name = member.names[0]
            if not member.embedded:
                yield from ((member.span, own) for own in member.names)
            elif name in self._members and name not in path and len(path) <= DEEPEST["nesting"]:
                yield from self._places(self._members[name], (*path, name))

    def _own(self, member: Member, path: tuple[str, ...], together: str) -> Iterator[Field]:
        for name in member.names:
            bindings = self._parse(member, name)
            if bindings:
                ref = self._complete(member.type, path)
                yield Field(
                    name, ref, bindings, member.comment, member.docs, member.span, together, validate_of(member.tag)
                )

    def _complete(self, ref: TypeRef, path: tuple[str, ...]) -> TypeRef:
        """Return the type with the fields of its anonymous struct filled in, which only pointers may lead to."""
        inner = peel(ref, Pointer)
        if not isinstance(inner, Inline):
            return ref
        fields = self.unique(tuple(self._flatten(inner.members, path, "")))
        fields = self._in_order(fields, inner.members, path)
        return map_ref(ref, lambda _: Inline(inner.members, fields))

    def _parse(self, member: Member, name: str) -> tuple[Binding, ...]:
        try:
            bindings = parse_tag(member.tag, name)
            self._warn(bindings, member)
            return bindings
        except TagError as problem:
            self._report("bad-tag", problem.message, member.tag_span or member.span, problem.hint, severity="unfit")
            return ()

    def _warn(self, bindings: tuple[Binding, ...], member: Member) -> None:
        """Warn of parts of a readable tag that do not mean what they look like."""
        span = member.tag_span or member.span
        for message, hint in unread(member.tag):
            self._report("bad-tag", message, span, hint, severity="warning")
        for binding in bindings:
            if binding.unknown:
                self._misspelt(binding, member)
        if not (member.tag.isascii() and member.tag.isprintable()):
            self._invisible(bindings, member.tag, span)

    def _invisible(self, bindings: tuple[Binding, ...], tag: str, span: Span) -> None:
        from mallgen.syntax.characters import INVISIBLE, first_invisible, unicode_name

        for binding in bindings:
            char = first_invisible(binding.key)
            if char:
                message = f"the {binding.source} name `{binding.key}` has {unicode_name(char)}, which nobody sees"
                hint = "delete it: clients would have to send it"
                self._report("invisible-name", message, span, hint, severity="unfit")
                return
        char = first_invisible(tag.translate(_LAYOUT))
        if char and not INVISIBLE.match(char):  # the scanner has reported the others
            message = f"{unicode_name(char)} is invisible and can make the tag look like another"
            self._report("invisible-character", message, span, "delete it unless clients send it", severity="warning")

    def _misspelt(self, binding: Binding, member: Member) -> None:
        for option in binding.unknown:
            self._guesses -= 1
            if self._guesses < 0:
                return
            name = option.partition("=")[0]
            guess = _guess(name, OPTIONS)
            if name == "env":
                message = f"`{option}` is not read: no field of a request comes from the service's environment"
                hint = "remove it; settings read variables: `${NAME}` in etc/*.yaml"
                self._report("unknown-option", message, member.tag_span or member.span, hint, severity="warning")
            elif guess and option not in OPTIONS:
                message = f"`{option}` is no option of a tag, and go-zero ignores it"
                self._report("unknown-option", message, member.tag_span or member.span, guess, severity="warning")


def _is_too_long(ref: TypeRef) -> bool:
    return isinstance(ref, Array) and len(ref.length.lstrip("0")) > _LENGTH_DIGITS


def _refusal(ref: TypeRef) -> tuple[str, str, str] | None:
    """Return code, message and hint of the outermost part of a type that goctl refuses, None without one."""
    if isinstance(ref, Primitive | Named):  # a short cut: most fields are one of these
        return None
    for part in elements(ref):
        match part:
            case AnyType(text="any"):
                return "any-type", "a field cannot be of type `any`", "write `interface{}`, or name the type"
            case Inline(members=()):
                return "empty-struct", "a struct written in place needs a field", "declare an empty type and name it"
            case Slice(elem=Inline()) | Array(elem=Inline()) | Map(elem=Inline()):
                hint = "declare the struct as a type"
                return "nested-struct", "a list or map cannot hold a struct written in place", hint
            case Array(length="..."):
                return "open-array", "`[...]` has no length", "write `[]` or `[8]`"
            case Map(key=Pointer() | Slice() | Array() | Map() | Inline() | AnyType(text="interface{}")):
                return "map-key", "a map's key must be a plain type", "use string or a whole number as key"
            case Pointer(elem=AnyType()):
                return None
    return None


def _complex(ref: TypeRef) -> bool:
    inner = peel(ref, Pointer, Slice, Array, Map)
    return isinstance(inner, Primitive) and BASE_TYPES[inner.name].kind == "complex"


def _guess(word: str, known: Iterable[str]) -> str:
    from mallgen.text.suggest import did_you_mean  # imported late: only a wrong contract needs it

    return did_you_mean(word, known)
