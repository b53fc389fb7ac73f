"""The messages that callers of a service need, and the classes that call it as source text."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto

from mallgen.proto.model import MessageRef, ProtoContract
from mallgen.python.code import Code, Literal, PyIdent
from mallgen.python.layout import literal


class MethodView(NamedTuple):
    """One method or function as source text."""

    signature: Code
    docstring: Code
    line: Code


class ClientView(NamedTuple):
    """The class of a service's client as source text."""

    name: PyIdent
    docstring: Code
    methods: tuple[MethodView, ...]


def listed(items: Sequence[str]) -> Literal:
    """Return a list of names, one in a line."""
    return Literal("[\n" + "".join([f"    {literal(name)},\n" for name in items]) + "]")


def reachable(contract: ProtoContract) -> tuple[MessageRef, ...]:
    """Return the outermost messages and enums that the services' requests and replies use, directly or not."""
    messages = {
        MessageRef(file.name, (message.name,)): message
        for file in contract.files
        if file.ours
        for message in file.descriptor.message_type
    }
    waiting = [
        ref for service in contract.services for method in service.methods for ref in (method.request, method.reply)
    ]
    reached: dict[MessageRef, None] = {}
    while waiting:
        ref = waiting.pop()
        top = MessageRef(ref.file, ref.path[:1])
        if top not in reached:
            reached[top] = None
            waiting += [contract.types[name] for name in _named(messages.get(top))]
    return tuple(sorted(reached))


def _named(message: DescriptorProto | None) -> Iterator[str]:
    """Yield the full names of the types of a message's fields, those of its nested messages included."""
    waiting = [message] if message is not None else []
    while waiting:
        one = waiting.pop()
        waiting += one.nested_type
        yield from (field.type_name for field in one.field if field.type_name)
