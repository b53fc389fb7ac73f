"""One version of protos as tables by full name: its messages, enums, extensions and services, each with its place.

Full names have no dot in front. protobuf itself is not imported here: only a version that has protos loads it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mallgen.breaking.proto_features import Features, file_features, inner_features
from mallgen.breaking.proto_options import CustomOptions
from mallgen.text.span import Span

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        EnumDescriptorProto,
        FieldDescriptorProto,
        MethodDescriptorProto,
        MethodOptions,
    )

    from mallgen.proto.model import ProtoContract, ProtoFile

Path = tuple[int, ...]
# field numbers in descriptor.proto, of which the paths of declarations are made
NAME, PACKAGE, OPTIONS, SYNTAX, EDITION = 1, 2, 8, 12, 14
_FIELDS, _NESTED, _ENUMS, _EXTENSIONS, _ONEOFS = 2, 3, 4, 6, 8
_FILE_MESSAGES, _FILE_ENUMS, _SERVICES, _FILE_EXTENSIONS, _VALUES, _METHODS = 4, 5, 6, 7, 2, 2
REPEATED, REQUIRED = 3, 2  # values of FieldDescriptorProto.Label
_MESSAGES = ("message", "group")
# names of FieldDescriptorProto.Type, in the order of its numbers
_KINDS = (
    *("", "double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string", "group", "message"),
    *("bytes", "uint32", "enum", "sfixed32", "sfixed64", "sint32", "sint64"),
)
_OTHERS = ("google/", "mallgen/queue.proto")  # names of files that are no contract of a user


class MessageNode(NamedTuple):
    """A message of one version. `name` has those of the messages around it in front."""

    full: str
    name: str
    file: "ProtoFile"
    proto: "DescriptorProto"
    path: Path
    features: Features

    @property
    def span(self) -> Span:
        """Return the place of its name."""
        return self.file.comments.at((*self.path, NAME))

    @property
    def oneofs(self) -> dict[str, Span]:
        """Return the places of the oneofs by name, without those that stand for `optional`."""
        synthetic = {field.oneof_index for field in self.proto.field if field.proto3_optional}
        return {
            oneof.name: self.file.comments.at((*self.path, _ONEOFS, index, NAME))
            for index, oneof in enumerate(self.proto.oneof_decl)
            if index not in synthetic
        }

    @property
    def reserved(self) -> list[tuple[int, int]]:
        """Return the first and the last number of each reserved range."""
        return [(one.start, one.end - 1) for one in self.proto.reserved_range]


class EnumNode(NamedTuple):
    """An enum of one version. `name` has those of the messages around it in front."""

    full: str
    name: str
    file: "ProtoFile"
    proto: "EnumDescriptorProto"
    path: Path
    features: Features

    @property
    def span(self) -> Span:
        """Return the place of its name."""
        return self.file.comments.at((*self.path, NAME))

    @property
    def values(self) -> list["ValueNode"]:
        """Return the values in the order of the file."""
        spans = self.file.comments
        return [
            ValueNode(value.name, value.number, spans.at((*self.path, _VALUES, index)))
            for index, value in enumerate(self.proto.value)
        ]

    @property
    def reserved(self) -> list[tuple[int, int]]:
        """Return the first and the last number of each reserved range."""
        return [(one.start, one.end) for one in self.proto.reserved_range]


class ValueNode(NamedTuple):
    """A value of an enum."""

    name: str
    number: int
    span: Span


class FieldNode(NamedTuple):
    """A field or extension of one version. `entry` has the key and the value of a map."""

    proto: "FieldDescriptorProto"
    file: "ProtoFile"
    path: Path
    features: Features
    oneof: str = ""
    entry: "tuple[FieldNode, FieldNode] | None" = None

    def is_same(self, other: "FieldNode") -> bool:
        """Return whether another one is declared in the same way."""
        if self.proto != other.proto or self.oneof != other.oneof or self.features != other.features:
            return False
        if self.entry is None or other.entry is None:
            return self.entry is other.entry
        return all(one.is_same(two) for one, two in zip(self.entry, other.entry, strict=True))

    @property
    def name(self) -> str:
        """Return its name."""
        return self.proto.name

    @property
    def number(self) -> int:
        """Return its number."""
        return self.proto.number

    @property
    def span(self) -> Span:
        """Return the place of its declaration, that of its name where it has several lines."""
        span = self.file.comments.at(self.path)
        return span if span.line == span.end_line else self.file.comments.at((*self.path, NAME))

    @property
    def kind(self) -> str:
        """Return `int32`, `enum`, `message` and so on: what it is on the wire; `map` for a map."""
        if self.entry is not None:
            return "map"
        kind = _KINDS[self.proto.type]
        return "group" if kind == "message" and self.features["message_encoding"] == "DELIMITED" else kind

    @property
    def type_name(self) -> str:
        """Return the full name of its message or enum, else its kind."""
        return self.proto.type_name.removeprefix(".") or self.kind

    @property
    def presence(self) -> str:
        """Return `map`, `repeated`, `required`, `explicit` (unset differs from zero) or `implicit`."""
        if self.entry is not None:
            return "map"
        if self.proto.label == REPEATED:
            return "repeated"
        if self.proto.label == REQUIRED or self.features["field_presence"] == "LEGACY_REQUIRED":
            return "required"
        is_explicit = self.proto.proto3_optional or self.oneof or self.proto.extendee or self.kind in _MESSAGES
        return "explicit" if is_explicit or self.features["field_presence"] == "EXPLICIT" else "implicit"

    @property
    def title(self) -> str:
        """Return its type as an author writes it: `repeated shop.Order`, `map<string, int32>`."""
        return self.title_in({})

    def title_in(self, types: Mapping[str, str]) -> str:
        """Return its type with the names that messages and enums have in another version; `types` has these."""
        if self.entry is not None:
            return f"map<{self.entry[0].title_in(types)}, {self.entry[1].title_in(types)}>"
        name = types.get(self.type_name, self.type_name)
        return f"repeated {name}" if self.presence == "repeated" else name


class ProtoServiceNode(NamedTuple):
    """A service of one version, with the place of its name and its RPCs in the order of the file."""

    full: str
    file: "ProtoFile"
    span: Span
    rpcs: tuple["RpcNode", ...]


class RpcNode(NamedTuple):
    """An RPC of one version, with the full names of its messages. `title` is its wire path: `order.Order/Orders`."""

    name: str
    title: str
    request: str
    reply: str
    takes_stream: bool
    gives_stream: bool
    options: "MethodOptions"
    span: Span


class ProtoTree:
    """One version of a service's protos, without those that come with mallgen or protobuf, or are Google's."""

    def __init__(self, contract: "ProtoContract") -> None:
        self.options = CustomOptions(contract.files)
        self.files = {file.name: file for file in contract.files if not file.name.startswith(_OTHERS)}
        self.messages: dict[str, MessageNode] = {}
        self.enums: dict[str, EnumNode] = {}
        self.extensions: dict[str, FieldNode] = {}
        self._entries: dict[str, MessageNode] = {}
        self._fields: dict[str, list[FieldNode]] = {}
        for file in self.files.values():
            self._add_file(file)
        self.roots = [self.files[name] for name in contract.roots if name in self.files]
        self.services = {service.full: service for file in self.roots for service in _services(file)}

    @property
    def places(self) -> dict[str, str]:
        """Return the names of the files that declare messages, enums and services, by their full names."""
        tables = (self.messages.items(), self.enums.items(), self.services.items())
        return {full: node.file.name for table in tables for full, node in table}

    def message(self, full: str) -> MessageNode | None:
        """Return a message, also the entry of a map."""
        return self.messages.get(full) or self._entries.get(full)

    def fields(self, message: MessageNode) -> list[FieldNode]:
        """Return a message's fields in the order of the file."""
        if message.full not in self._fields:
            self._fields[message.full] = [self._field(message, index) for index in range(len(message.proto.field))]
        return self._fields[message.full]

    def carriers(self, direction: str) -> Mapping[str, Sequence[str]]:
        """Return the RPCs whose request or response (`direction`) carries a message or enum, by its full name."""
        return self._carriers[0 if direction == "request" else 1]

    @cached_property
    def _carriers(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        found: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
        rpcs = [rpc for service in self.services.values() for rpc in service.rpcs]
        for into, side in zip(found, ("request", "reply"), strict=True):
            roots: dict[str, list[str]] = {}
            for rpc in rpcs:
                roots.setdefault(getattr(rpc, side), []).append(rpc.title)
            for root, titles in roots.items():
                for name in self._reached(root):
                    into.setdefault(name, []).extend(titles)
        return found

    def _reached(self, root: str) -> Iterable[str]:
        seen = {root: None}
        waiting = [root]
        while waiting:
            for name in self._inner(waiting.pop()):
                if name not in seen:
                    seen[name] = None
                    waiting.append(name)
        return seen

    def _inner(self, full: str) -> Sequence[str]:
        """Return the full names of the types of a message's fields."""
        if full not in self._inner_names:
            message = self.message(full)
            names = [field.type_name for field in message.proto.field] if message is not None else []
            self._inner_names[full] = list(dict.fromkeys(name.removeprefix(".") for name in names if name))
        return self._inner_names[full]

    @cached_property
    def _inner_names(self) -> dict[str, list[str]]:
        return {}

    def _field(self, message: MessageNode, index: int) -> FieldNode:
        field = message.proto.field[index]
        inherited = message.features
        oneof = ""
        if field.HasField("oneof_index") and not field.proto3_optional:
            declared = message.proto.oneof_decl[field.oneof_index]
            oneof, inherited = declared.name, inner_features(inherited, declared)
        entry = self._entries.get(field.type_name[1:]) if field.label == REPEATED else None
        sides = (self._field(entry, 0), self._field(entry, 1)) if entry is not None else None
        path = (*message.path, _FIELDS, index)
        return FieldNode(field, message.file, path, inner_features(inherited, field), oneof, sides)

    def _add_file(self, file: "ProtoFile") -> None:
        features = file_features(file.descriptor)
        package = file.descriptor.package
        prefix = f"{package}." if package else ""
        for index, message in enumerate(file.descriptor.message_type):
            self._add_message(MessageNode(prefix, "", file, message, (_FILE_MESSAGES, index), features))
        self._add_enums(file, file.descriptor.enum_type, (prefix, ""), (_FILE_ENUMS,), features)
        self._add_extensions(file, file.descriptor.extension, prefix, (_FILE_EXTENSIONS,), features)

    def _add_message(self, found: MessageNode) -> None:
        """Add a message whose names are still the prefixes of its own."""
        message, file = found.proto, found.file
        full, name = f"{found.full}{message.name}", f"{found.name}{message.name}"
        node = MessageNode(full, name, file, message, found.path, inner_features(found.features, message))
        if message.options.map_entry:
            self._entries[full] = node
            return
        self.messages[full] = node
        self._add_enums(file, message.enum_type, (f"{full}.", f"{name}."), (*found.path, _ENUMS), node.features)
        self._add_extensions(file, message.extension, f"{full}.", (*found.path, _EXTENSIONS), node.features)
        for index, inner in enumerate(message.nested_type):
            path = (*found.path, _NESTED, index)
            self._add_message(MessageNode(f"{full}.", f"{name}.", file, inner, path, node.features))

    def _add_enums(
        self,
        file: "ProtoFile",
        enums: "Sequence[EnumDescriptorProto]",
        prefixes: tuple[str, str],
        path: Path,
        features: Features,
    ) -> None:
        for index, enum in enumerate(enums):
            full, name = (f"{prefix}{enum.name}" for prefix in prefixes)
            inner = inner_features(features, enum)
            self.enums[full] = EnumNode(full, name, file, enum, (*path, index), inner)

    def _add_extensions(
        self,
        file: "ProtoFile",
        extensions: "Sequence[FieldDescriptorProto]",
        prefix: str,
        path: Path,
        features: Features,
    ) -> None:
        for index, field in enumerate(extensions):
            node = FieldNode(field, file, (*path, index), inner_features(features, field))
            self.extensions[f"{prefix}{field.name}"] = node


def extension_ranges(message: MessageNode) -> Iterator[tuple[int, int]]:
    """Yield the first and the last number of each range of extensions."""
    return ((one.start, one.end - 1) for one in message.proto.extension_range)


def _services(file: "ProtoFile") -> Iterator[ProtoServiceNode]:
    package = file.descriptor.package
    for index, service in enumerate(file.descriptor.service):
        full = f"{package}.{service.name}" if package else service.name
        path = (_SERVICES, index)
        rpcs = tuple(
            _rpc(method, full, file, (*path, _METHODS, number)) for number, method in enumerate(service.method)
        )
        yield ProtoServiceNode(full, file, file.comments.at((*path, NAME)), rpcs)


def _rpc(method: "MethodDescriptorProto", service: str, file: "ProtoFile", path: Path) -> RpcNode:
    span = file.comments.at(path)
    return RpcNode(
        method.name,
        f"{service}/{method.name}",
        method.input_type[1:],
        method.output_type[1:],
        method.client_streaming,
        method.server_streaming,
        method.options,
        span if span.line == span.end_line else file.comments.at((*path, NAME)),
    )
