"""Mends of findings about fields of `.api` contracts: the old member beside the new one, `optional`, a default."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from mallgen.breaking.api import ApiChange
from mallgen.breaking.lifecycle import is_field_deprecated
from mallgen.breaking.mend import Insertion, Mend, VersionTexts
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.model import Contract, Named, Type, TypeRef, walk
from mallgen.text.span import SpanEdit

_SOURCE = re.compile(r'(\w+):"([^"]*)"')
_OPTIONAL = re.compile(r"(?<=,)\s*optional(?:=[^,]*)?(?=,|$)")
_DEFAULT = re.compile(r"(?<=,)\s*default=(?:\[[^\]]*\]|[^,]*)")
_ABSENT = re.compile(r",\s*(?:optional|omitempty)\s*(?:,|$)|,\s*default=")
Tag = Callable[[str, str], str]


class ApiMender:
    """One change of a contract, with the texts of both versions by path."""

    def __init__(self, change: ApiChange, old: VersionTexts, new: VersionTexts) -> None:
        self.change, self.old, self.new = change, old, new

    def restored(self, pair: FieldPair) -> Mend | None:
        """Put a field back that is gone."""
        return Mend(self.member(pair, "kept until no client uses it"))

    def both_names(self, pair: FieldPair) -> Mend | None:
        """Put a field back beside the one that has its new name; what a request may bring in either is optional."""
        if pair.new is None:
            return None
        note = f"use {pair.key}"
        if pair.struct.direction == "response":
            return Mend(self.member(pair, note))
        needed = [value.source for value in pair.struct.values(pair.new).values() if value.required]
        return Mend(self.member(pair, note, optional), self.tag(pair, needed, optional))

    def optional(self, pair: FieldPair) -> Mend | None:
        """Let clients leave a field out."""
        values = pair.struct.values(pair.new).values()
        sources = [one.source for one in values if not one.optional or one.comes_with or one.comes_without]
        edits = self.tag(pair, sources, optional)
        return Mend(edits=edits) if edits else None

    def old_default(self, pair: FieldPair) -> Mend | None:
        """Give a field its old default."""
        bindings = pair.old.field.bindings if pair.old is not None else ()
        defaults = {one.source: one.default for one in bindings if one.default is not None}

        def with_default(source: str, options: str) -> str:
            default = f"default={defaults[source]}"
            found = _DEFAULT.search(options)
            return f"{options[: found.start()]}{default}{options[found.end() :]}" if found else f"{options},{default}"

        edits = self.tag(pair, defaults, with_default)
        return Mend(edits=edits) if edits else None

    def types(self, refs: Iterable[TypeRef | None], file: str) -> Iterator[Insertion]:
        """Yield what puts the types back, at the end of a new file, that what is put back needs."""
        known = {declared.name for declared in self.change.new.types}
        for declared in _needed(self.change.old, refs):
            if declared.name not in known:
                text = self.old.api(declared.span.file)
                source = f"type {text.slice(text.at(declared.span), text.braces(declared.span)[1])}"
                yield Insertion(file, len(self.new.texts[file]), declared.name, (source,), gap=True)

    def member(self, pair: FieldPair, note: str, change: Tag | None = None, freed: str = "") -> tuple[Insertion, ...]:
        """Return what puts an old member into the struct that the field left, or that has its successor.

        `change` changes its tag; `freed` is the name that a new member gives up for it.
        """
        assert pair.old is not None
        field, home = pair.old.field, pair.home
        text, into = self.old.api(field.span.file), self.new.api(home.span.file)
        first, last = text.member(field.span)
        taken = {one.field.name for one in (*home.fields, *pair.struct.new.fields)} - {freed}
        name = f"{field.name}Old" if field.name in taken else field.name
        while text.tokens[first + 1].type == "_COMMA":
            first += 2
        rest = text.slice(first, last)[len(text.tokens[first].value) :]
        if change is not None and text.tokens[last].type == "RAW":
            tag = text.tokens[last].value
            rest = rest.removesuffix(tag) + _changed(tag, _sources(tag), change)
        comment = f" {field.comment}" if field.comment else ""
        notes = [*field.docs] if is_field_deprecated(field) else [*field.docs, f"// Deprecated: {note}."]
        brace = into.tokens[into.braces(home.span)[1]].start_pos
        one = Insertion(into.file, brace, (field.span, field.name), (*notes, f"{name}{rest}{comment}"))
        return (one, *self.types((field.type,), into.file))

    def tag(self, pair: FieldPair, sources: Iterable[str], change: Tag) -> tuple[SpanEdit, ...]:
        """Return the edits of the new field's tag, one for each source."""
        if pair.new is None:
            return ()
        text = self.new.api(pair.new.field.span.file)
        tag = text.tokens[text.member(pair.new.field.span)[1]]
        wanted = {*sources} - {"path"}
        edits = []
        for found in _SOURCE.finditer(tag.value) if tag.type == "RAW" else ():
            now = change(found[1], found[2]) if found[1] in wanted else found[2]
            if now != found[2]:
                start, end = (tag.start_pos + offset for offset in found.span(2))
                edits.append(SpanEdit(text.places.span(start, end), now))
        return tuple(edits)


FIELD_MENDS: Mapping[str, Callable[[ApiMender, FieldPair], Mend | None]] = {
    "request-field-removed": ApiMender.restored,
    "response-field-removed": ApiMender.restored,
    "request-field-renamed": ApiMender.both_names,
    "response-field-renamed": ApiMender.both_names,
    "request-field-added-required": ApiMender.optional,
    "request-field-became-required": ApiMender.optional,
    "request-field-default-changed": ApiMender.old_default,
    "request-field-default-removed": ApiMender.old_default,
}


def optional(_: str, options: str) -> str:
    """Return the value of a source's tag with `optional`, which depends on no other field."""
    found = _OPTIONAL.search(options)
    if found:
        return f"{options[: found.start()]}optional{options[found.end() :]}"
    return options if _ABSENT.search(options) else f"{options},optional"


def _sources(tag: str) -> set[str]:
    return {found[1] for found in _SOURCE.finditer(tag)} - {"path"}


def _changed(tag: str, sources: set[str], change: Tag) -> str:
    def replaced(found: re.Match[str]) -> str:
        return f'{found[1]}:"{change(found[1], found[2]) if found[1] in sources else found[2]}"'

    return _SOURCE.sub(replaced, tag)


def _needed(contract: Contract, refs: Iterable[TypeRef | None]) -> Iterator[Type]:
    """Yield the types that some others need, in the order in which they are met."""
    declared = {one.name: one for one in contract.types}
    waiting = [ref for ref in refs if ref is not None]
    seen: set[str] = set()
    while waiting:
        for ref in walk(waiting.pop(0)):
            if isinstance(ref, Named) and ref.name in declared and ref.name not in seen:
                seen.add(ref.name)
                yield declared[ref.name]
                waiting += [member.type for member in declared[ref.name].members]
