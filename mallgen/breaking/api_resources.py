"""Rules about what is read, edited and written back, and about changes that only code notices."""

from collections.abc import Iterator
from itertools import chain

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, SOURCE, WARNING, WIRE, api_rule
from mallgen.breaking.api import ApiChange
from mallgen.breaking.api_pairs import RoutePair, affected
from mallgen.breaking.field_values import fallback, is_nullable
from mallgen.breaking.resources import family, is_put, is_write
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.diagnostics import Note
from mallgen.model import Named, Pointer, Slice, TypeRef, peel
from mallgen.python.names import variable
from mallgen.rules import Finding


@api_rule("resource-field-added-read-write", WARNING, BEHAVIOUR)
def resource_field_added_read_write(change: ApiChange) -> Iterator[Finding]:
    """A resource has a new field that is both read and written: an old client that writes back what it read clears it.

    It reads the resource, does not know the field, changes another one, and sends the whole without it. An error
    where a PUT takes the absent field for another value than the empty one. Let clients write a part (PATCH), or make
    the field an optional pointer, so that the logic sees whether it was sent: such a field is only counted.
    """
    for pair in change.fields("response"):
        written = change.resources.written(pair) if pair.old is None else []
        if written:
            notes = [Note(other.place, "written here") for other in written if other.place != pair.place]
            found = _cleared(change, pair, written)
            facts = affected(change.resources.routes(pair, written))
            yield found._replace(notes=(*found.notes, *notes[:1]), facts=facts)


@api_rule("resource-field-added-read-only", INFO, WIRE)
def resource_field_added_read_only(change: ApiChange) -> Iterator[Finding]:
    """A resource has a new field that clients read and do not write.

    Nobody can clear it by writing back what was read.
    """
    for pair in change.fields("response"):
        if pair.old is None and change.resources.is_read_only(pair):
            yield change.finding(pair, f"`{pair.title}` is new, and only read")


@api_rule("resource-field-became-writable", WARNING, BEHAVIOUR)
def resource_field_became_writable(change: ApiChange) -> Iterator[Finding]:
    """A field that was only read is written, too: an old client that writes back what it read may clear it.

    Old clients do not send it, as it was not theirs to set. Make the field an optional pointer, so that the logic sees
    whether it was sent: such a field is only counted.
    """
    for pair in change.fields("request"):
        readers = _readers_of(change, pair) if pair.old is None and not _must_come(pair) else []
        if readers:
            message = f"`{pair.title}` was only read, and is written now: old clients write without it"
            hint = "make it an optional pointer, and leave the stored value as it is where the field is absent"
            found = change.finding(pair, message, hint, INFO if _tells_absence(pair) else "")
            yield found._replace(facts=affected([*change.carriers(pair), *readers]))


@api_rule("resource-split", INFO, SOURCE)
def resource_split(change: ApiChange) -> Iterator[Finding]:
    """One type was read and written, and there are two types now.

    That is the way to let the two differ. Their fields are compared one by one with those of the old type.
    """
    for name, readers in change.resources.readers.items():
        for reader in readers:
            for writer in change.resources.writers_of(name):
                if reader.both is None or writer.both is None:
                    continue
                (old_read, read), (old_write, write) = reader.both, writer.both
                before = _named(old_read.route.response), _named(old_write.route.request)
                after = _named(read.route.response), _named(write.route.request)
                if before[0] and before[0] == before[1] and after[0] and after[1] and after[0] != after[1]:
                    message = f"`{before[0]}` was read and written; `{after[0]}` is read and `{after[1]}` written now"
                    note = change.was(change.versions[0].types[before[0]].span)
                    span = change.versions[1].types[after[1]].span
                    yield Finding(message, span, notes=(note,), facts=affected([reader, writer]), key=(span, message))


@api_rule("field-attribute-renamed", WARNING, SOURCE)
def field_attribute_renamed(change: ApiChange) -> Iterator[Finding]:
    """A field has another name in the contract and the same on the wire: its attribute in code has another name.

    Clients in other languages notice nothing. Code that uses the generated classes must be changed: `mallgen sync`
    does it for a service's own.
    """
    pairs = [*change.fields("request"), *change.fields("response")]
    found: dict[object, list[FieldPair]] = {}
    for pair in pairs:
        if pair.old is not None and pair.new is not None and pair.old.field.name != pair.new.field.name:
            found.setdefault(pair.identity, []).append(pair)
    for same in found.values():
        old, new = same[0].old, same[0].new
        if old is None or new is None or any(_is_renamed(pair) for pair in same):
            continue
        before, after = variable(old.field.name), variable(new.field.name)
        if before != after:
            message = f"the attribute `{before}` of `{same[0].home.name}` is `{after}` now"
            hint = f"keep the name `{old.field.name}`: `{same[0].key}` on the wire does not depend on it"
            yield change.finding(same[0], message, hint)._replace(facts=affected(_routes(same)))


@api_rule("field-order-changed", WARNING, SOURCE, default=False)
def field_order_changed(change: ApiChange) -> Iterator[Finding]:
    """The fields of a type are declared in another order: code that makes its values by position is wrong.

    Off by default, as values are made by name.
    """
    for pair in chain(change.structs("request"), change.structs("response")):
        common = [one for one in pair.fields if one.old is not None and one.new is not None]
        names = [one.new.field.name for one in common if one.new is not None]
        order = {field.field.name: at for at, field in enumerate(pair.new.fields)}
        if names != sorted(names, key=order.__getitem__):
            message = f"the fields of `{pair.name}` have another order"
            notes = (change.was(pair.old.span),)
            hint = "put them into their old order, new ones at the end"
            yield Finding(message, pair.place, hint, notes, facts=affected(pair.routes), key=pair.place)


def _cleared(change: ApiChange, pair: FieldPair, written: list[FieldPair]) -> Finding:
    if all(_tells_absence(other) for other in written):
        return change.finding(pair, f"`{pair.title}` is read and written, and null where it is not sent", severity=INFO)
    severity = ERROR if any(_is_replaced(other) for other in written) else ""
    message = f"`{pair.title}` is read and written: an old client that edits what it read clears it"
    hint = "make it an optional pointer, and leave the stored value as it is where the field is absent"
    return change.finding(pair, message, hint, severity)


def _routes(pairs: list[FieldPair]) -> list[RoutePair]:
    return list({id(route): route for pair in pairs for route in pair.struct.routes}.values())


def _is_replaced(pair: FieldPair) -> bool:
    """Return whether a PUT takes the absent field for a value that is not the empty one, or refuses its absence."""
    values = [value for _, value in pair.values.values() if value is not None]
    empty = all(not fallback(value) and not value.required for value in values)
    return not empty and any(is_put(route) for route in pair.struct.routes)


def _tells_absence(pair: FieldPair) -> bool:
    """Return whether the logic gets null where the field is absent."""
    values = [value for _, value in pair.values.values() if value is not None]
    return all(value.optional and value.default is None and is_nullable(value) for value in values)


def _must_come(pair: FieldPair) -> bool:
    return any(value.required for _, value in pair.values.values() if value is not None)


def _readers_of(change: ApiChange, pair: FieldPair) -> list[RoutePair]:
    """Return the routes that read the field of a resource before and after, which the request of `pair` writes now."""
    if not pair.values.keys() & {"json", "form"}:
        return []
    names = {family(route.operation) for route in pair.struct.routes if is_write(route.operation)}
    routes = [route for name in names for route in change.resources.readers.get(name, ())]
    known = change.response_keys
    return [route for route in routes if pair.key in known.get(id(route), ())]


def _is_renamed(pair: FieldPair) -> bool:
    return any(pair.struct.is_renamed(old, new) for old, new in pair.both)


def _named(ref: TypeRef | None) -> str:
    inner = peel(ref, Pointer, Slice) if ref is not None else None
    return inner.name if isinstance(inner, Named) else ""
