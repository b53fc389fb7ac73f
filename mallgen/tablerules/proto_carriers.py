"""The messages of protos as carriers of columns."""

from collections.abc import Iterable, Iterator, Mapping

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from mallgen.lint.scope import words
from mallgen.proto.model import MESSAGES, NESTED, MessageRef, ProtoContract, ProtoFile
from mallgen.tablerules.carriers import CREATES, LENGTH, WRITES, CarriedField, Carrier, folded

_FIELDS, _NAME = 2, 1  # field numbers in descriptor.proto, of which paths are made
# the tags of the options buf.validate.field (1159) and validate.rules (1071) of a field
_PROTO_RULES = (b"\xba\x48", b"\xfa\x42")
_TYPES = FieldDescriptorProto
_PROTO_KINDS = {
    **dict.fromkeys((_TYPES.TYPE_INT32, _TYPES.TYPE_SINT32, _TYPES.TYPE_SFIXED32), ("int", 32, False)),
    **dict.fromkeys((_TYPES.TYPE_INT64, _TYPES.TYPE_SINT64, _TYPES.TYPE_SFIXED64), ("int", 64, False)),
    **dict.fromkeys((_TYPES.TYPE_UINT32, _TYPES.TYPE_FIXED32), ("int", 32, True)),
    **dict.fromkeys((_TYPES.TYPE_UINT64, _TYPES.TYPE_FIXED64), ("int", 64, True)),
    _TYPES.TYPE_FLOAT: ("float", 32, False),
    _TYPES.TYPE_DOUBLE: ("float", 64, False),
    _TYPES.TYPE_BOOL: ("bool", 0, False),
    _TYPES.TYPE_STRING: ("text", 0, False),
    _TYPES.TYPE_BYTES: ("bytes", 0, False),
}


def of_proto(contract: ProtoContract) -> Iterator[Carrier]:
    """Yield the messages of a service's own protos."""
    found = {ref: (message, file, path) for file in contract.files for ref, message, path in _messages(file)}
    links = {ref: _linked(message, contract.types) for ref, (message, _, _) in found.items()}
    methods = [method for service in contract.services for method in service.methods]
    creates = _reached((one.request for one in methods if CREATES & set(words(one.name))), links)
    writes = _reached((one.request for one in methods if WRITES & set(words(one.name))), links)
    asks = _reached((one.request for one in methods), links)
    answers = _reached((one.reply for one in methods), links)
    for ref, (message, file, path) in found.items():
        fields = tuple(_proto_fields(message, file, path))
        if file.ours and fields:
            yield Carrier(".".join(ref.path), fields, ref in creates, ref in writes, ref in asks, ref in answers)


def _messages(file: ProtoFile) -> Iterator[tuple[MessageRef, DescriptorProto, tuple[int, ...]]]:
    def inside(
        message: DescriptorProto, around: tuple[str, ...], path: tuple[int, ...]
    ) -> Iterator[tuple[MessageRef, DescriptorProto, tuple[int, ...]]]:
        names = (*around, message.name)
        yield MessageRef(file.name, names), message, path
        for index, inner in enumerate(message.nested_type):
            if not inner.options.map_entry:
                yield from inside(inner, names, (*path, NESTED, index))

    for index, message in enumerate(file.descriptor.message_type):
        yield from inside(message, (), (MESSAGES, index))


def _linked(message: DescriptorProto, types: Mapping[str, MessageRef]) -> list[MessageRef]:
    """Return the messages that fields lead to, those in maps too."""
    entries = (inner.field for inner in message.nested_type if inner.options.map_entry)
    fields = [*message.field, *(field for entry in entries for field in entry)]
    return [types[field.type_name] for field in fields if field.type_name in types]


def _reached(starts: Iterable[MessageRef], links: Mapping[MessageRef, list[MessageRef]]) -> set[MessageRef]:
    found: set[MessageRef] = set()
    waiting = list(starts)
    while waiting:
        ref = waiting.pop()
        if ref not in found:
            found.add(ref)
            waiting += links.get(ref, ())
    return found


def _proto_fields(message: DescriptorProto, file: ProtoFile, path: tuple[int, ...]) -> Iterator[CarriedField]:
    for index, field in enumerate(message.field):
        kind = _PROTO_KINDS.get(field.type)
        if kind is None or field.label == FieldDescriptorProto.LABEL_REPEATED:
            continue
        place = (*path, _FIELDS, index)
        options = field.options.SerializeToString()
        bounded = bool(LENGTH.search(file.comments.texts.get(place, ""))) or any(one in options for one in _PROTO_RULES)
        spelt = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
        span = file.comments.at((*place, _NAME))
        yield CarriedField(field.name, folded(field.name), *kind, spelt, field.proto3_optional, bounded, span)
