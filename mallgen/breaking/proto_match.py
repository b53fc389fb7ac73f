"""Which declarations of two versions of protos are the same: by name, by their place, and by what they consist of."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from mallgen.breaking.proto_pairs import MessagePair, ProtoFilePair, ProtoServicePair, RpcPair
from mallgen.breaking.proto_tree import EnumNode, FieldNode, MessageNode, ProtoServiceNode, ProtoTree, RpcNode

Node = TypeVar("Node", MessageNode, EnumNode)
Item = TypeVar("Item")
_TELLING = 2  # members that a type without a known use needs, to be known by them
_MAJOR = re.compile(r"(?P<stem>(?:.*\.)?)v(?P<major>[0-9]+)(?:(?:alpha|beta|test|p)[0-9]*)*")


class TypeMatch:
    """The messages, enums and services of two versions that are the same.

    `types` has new full names by old ones. Declarations of a package that has a new major version have no match.
    """

    def __init__(self, old: ProtoTree, new: ProtoTree, files: Sequence[ProtoFilePair]) -> None:
        self.trees = old, new
        self.packages = {
            pair.old.name: (pair.old.descriptor.package, pair.new.descriptor.package)
            for pair in files
            if pair.old is not None and pair.new is not None
        }
        self.types: dict[str, str] = {}
        self._taken: set[str] = set()
        self._match_names(old.messages, new.messages)
        self._match_names(old.enums, new.enums)
        self.services = tuple(self._services(old, new))
        self._match_uses()
        self._match_shapes(old.messages, new.messages, message_shape)
        self._match_shapes(old.enums, new.enums, enum_shape)
        self._match_uses()

    def is_major(self, file: str) -> bool:
        """Return whether an old file's package has a new major version: `shop.v1` is `shop.v2` now."""
        return is_new_major(*self.packages.get(file, ("", "")))

    def translated(self, full: str, file: str) -> str:
        """Return an old full name with the package that its file has now."""
        old, new = self.packages.get(file, ("", ""))
        inner = full[len(old) + 1 :] if old else full
        return f"{new}.{inner}" if new else inner

    def expected(self, full: str, file: str) -> str:
        """Return the new full name of an old message or enum that is not renamed."""
        return full if self.types.get(full) == full else self.translated(full, file)

    def _add(self, old: str, new: str) -> None:
        self.types[old] = new
        self._taken.add(new)

    def _match_names(self, old: Mapping[str, Node], new: Mapping[str, Node]) -> None:
        for full in old:
            if full in new:
                self._add(full, full)
        for full, node in old.items():
            name = self.translated(full, node.file.name)
            if full not in self.types and name in new and name not in self._taken and not self.is_major(node.file.name):
                self._add(full, name)

    def _services(self, old: ProtoTree, new: ProtoTree) -> Iterator[ProtoServicePair]:
        files = {full: service.file.name for full, service in old.services.items()}
        found: dict[str, str] = {}
        for full in old.services:
            names = (full,) if self.is_major(files[full]) else (full, self.translated(full, files[full]))
            for name in names:
                if name in new.services and name not in found.values():
                    found.setdefault(full, name)
        left = [service for full, service in old.services.items() if full not in found]
        rest = [service for full, service in new.services.items() if full not in found.values()]
        for one, other in _unique(left, rest, _rpc_names):
            found[one.full] = other.full
        for full, service in old.services.items():
            if full in found:
                yield ProtoServicePair(service, new.services[found[full]])
            elif not self.is_major(files[full]):
                yield ProtoServicePair(service, None)
        taken = {*found.values()}
        yield from (ProtoServicePair(None, service) for full, service in new.services.items() if full not in taken)

    def _match_uses(self) -> None:
        """Match types of the same shape that are used in the same place: by an RPC, or by a field."""
        old, new = self.trees
        if len(self.types) == len(old.messages) + len(old.enums):
            return
        waiting = [*self.types]
        for pair in self.services:
            if pair.old is not None and pair.new is not None:
                rpcs = {rpc.name: rpc for rpc in pair.new.rpcs}
                for rpc in pair.old.rpcs:
                    if now := rpcs.get(rpc.name):
                        waiting += self._use(rpc.request, now.request) + self._use(rpc.reply, now.reply)
        while waiting:
            full = waiting.pop()
            if full in old.messages and full in self.types:
                message = MessagePair(self.trees, self.types, old.messages[full], new.messages[self.types[full]])
                for left, right in () if message.is_same else message.matched():
                    waiting += [name for one, other in _types(left, right) for name in self._use(one, other)]

    def _use(self, old: str, new: str) -> list[str]:
        """Match two types unless the old one has a match, or they differ; return the old name of a match.

        Several old types may have become one.
        """
        if old in self.types:
            return []
        left, right = self.trees
        if old in left.messages and new in right.messages:
            shapes = message_shape(left.messages[old]), message_shape(right.messages[new])
        elif old in left.enums and new in right.enums:
            shapes = enum_shape(left.enums[old]), enum_shape(right.enums[new])
        else:
            return []
        if shapes[0] != shapes[1]:
            return []
        self._add(old, new)
        return [old]

    def _match_shapes(
        self, old: Mapping[str, Node], new: Mapping[str, Node], shape: Callable[[Node], frozenset[object]]
    ) -> None:
        """Match types that are the only ones of their shape without a match, first those that keep their last name."""

        def moved(node: Node) -> object:
            found = shape(node)
            return (node.full.rpartition(".")[2], found) if found else None

        def renamed(node: Node) -> object:
            found = shape(node)
            return found if len(found) >= _TELLING else None

        for key in (moved, renamed):
            left = [node for full, node in old.items() if full not in self.types and not self.is_major(node.file.name)]
            right = [node for full, node in new.items() if full not in self._taken]
            for one, other in _unique(left, right, key):
                self._add(one.full, other.full)


def is_new_major(old: str, new: str) -> bool:
    """Return whether a package is another with another major version: `shop.v2` after `shop.v1`."""
    left, right = _MAJOR.fullmatch(old), _MAJOR.fullmatch(new)
    return left is not None and right is not None and left["stem"] == right["stem"] and left["major"] != right["major"]


def message_shape(message: MessageNode) -> frozenset[object]:
    """Return what a message's fields are, without the names of their types."""
    fields = ((field.number, field.name, field.type, field.label) for field in message.proto.field)
    return frozenset(fields)


def enum_shape(enum: EnumNode) -> frozenset[object]:
    """Return an enum's values."""
    return frozenset((value.number, value.name) for value in enum.proto.value)


def file_pairs(old: ProtoTree, new: ProtoTree) -> tuple[ProtoFilePair, ...]:
    """Return all files: by name and package, by their declarations, by name, and the only contract of each version."""
    found = {
        name: name
        for name, file in old.files.items()
        if name in new.files and new.files[name].descriptor.package == file.descriptor.package
    }
    roots = (*old.roots, *new.roots)
    only = [(old.roots[0].name, new.roots[0].name)] if len(old.roots) == len(new.roots) == 1 else []
    _add_files(found, only if len({root.descriptor.package for root in roots}) == 1 else [])
    _add_files(found, _votes(old, new, found))
    _add_files(found, [*((name, name) for name in old.files if name in new.files), *only])
    taken = {*found.values()}
    pairs = [ProtoFilePair(file, new.files.get(found.get(name, ""))) for name, file in old.files.items()]
    return (*pairs, *(ProtoFilePair(None, file) for name, file in new.files.items() if name not in taken))


def _votes(old: ProtoTree, new: ProtoTree, found: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the old files without a match, each with the new ones that have most of its declarations."""
    before, after = old.places, new.places
    votes = Counter((file, after[full]) for full, file in before.items() if file not in found and full in after)
    yield from (pair for pair, _ in votes.most_common())


def _add_files(found: dict[str, str], pairs: Iterable[tuple[str, str]]) -> None:
    """Add those pairs of files of which neither has a match."""
    taken = {*found.values()}
    for old, new in pairs:
        if old not in found and new not in taken:
            found[old] = new
            taken.add(new)


def rpc_pairs(match: TypeMatch, service: ProtoServicePair) -> Iterator[RpcPair]:
    """Yield the RPCs of a service that is not gone: by name, then the only ones with these messages and streams."""
    if service.new is None:
        return
    old = service.old.rpcs if service.old is not None else ()
    by_name = {rpc.name: rpc for rpc in service.new.rpcs}
    found = {rpc.name: by_name.pop(rpc.name) for rpc in old if rpc.name in by_name}

    def left(rpc: RpcNode) -> object:
        return (
            match.types.get(rpc.request, rpc.request),
            match.types.get(rpc.reply, rpc.reply),
            rpc.takes_stream,
            rpc.gives_stream,
        )

    def right(rpc: RpcNode) -> object:
        return rpc.request, rpc.reply, rpc.takes_stream, rpc.gives_stream

    rest = [rpc for rpc in old if rpc.name not in found]
    for one, other in _unique(rest, [*by_name.values()], left, right):
        found[one.name] = by_name.pop(other.name)
    yield from (RpcPair(service, rpc, found.get(rpc.name)) for rpc in old)
    yield from (RpcPair(service, None, rpc) for rpc in by_name.values())


def extension_pairs(
    old: ProtoTree, new: ProtoTree, match: TypeMatch
) -> Iterator[tuple[str, tuple[FieldNode | None, FieldNode | None]]]:
    """Yield the extensions of both sides: by full name, then by the message that they extend and their number."""
    left = {full: field for full, field in old.extensions.items() if not match.is_major(field.file.name)}
    found = {full: full for full in left if full in new.extensions}
    found |= {
        full: name
        for full, field in left.items()
        if full not in found and (name := match.translated(full, field.file.name)) in new.extensions
    }
    taken = {*found.values()}
    numbers = {(one.proto.extendee[1:], one.number): full for full, one in new.extensions.items() if full not in taken}
    for full, field in left.items():
        extended = field.proto.extendee[1:]
        key = match.types.get(extended, extended), field.number
        if full not in found and key in numbers and new.extensions[numbers[key]].title == field.title_in(match.types):
            found[full] = numbers.pop(key)
    yield from ((full, (field, new.extensions.get(found.get(full, "")))) for full, field in left.items())
    taken = {*found.values()}
    yield from ((full, (None, field)) for full, field in new.extensions.items() if full not in taken)


def _unique(
    left: Iterable[Item],
    right: Iterable[Item],
    key: Callable[[Item], object],
    other: Callable[[Item], object] | None = None,
) -> Iterator[tuple[Item, Item]]:
    """Yield the items of both sides that alone have a key; None is no key."""
    sides: list[dict[object, list[Item]]] = [{}, {}]
    for items, into, make in zip((left, right), sides, (key, other or key), strict=True):
        for item in items:
            into.setdefault(make(item), []).append(item)
    for made, items in sides[0].items():
        matches = sides[1].get(made, [])
        if made is not None and len(items) == len(matches) == 1:
            yield items[0], matches[0]


def _rpc_names(service: ProtoServiceNode) -> object:
    return frozenset(rpc.name for rpc in service.rpcs) or None


def _types(old: FieldNode | None, new: FieldNode | None) -> Iterator[tuple[str, str]]:
    """Yield the names of the types of a field and of the values of a map in both versions."""
    if old is None or new is None:
        return
    if old.entry is not None and new.entry is not None:
        yield from _types(old.entry[1], new.entry[1])
    elif old.kind == new.kind:
        yield old.type_name, new.type_name
