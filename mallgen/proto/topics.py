"""The topics of a queue service: each RPC is one, its request the message. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from mallgen.diagnostics import Diagnostic, Note
from mallgen.proto.model import MessageRef, Method, ProtoContract, Service
from mallgen.text.suggest import did_you_mean

EMPTY = MessageRef("google/protobuf/empty.proto", ("Empty",))
SUFFIX = ".dlq"  # of the topic that dead letters go to
_LEGAL = re.compile(r"[A-Za-z0-9._-]{1,245}")  # Kafka's names have 249 characters, the dead letters' four of them
_WORDS = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_SAID = re.compile(r"^[ \t]*mallgen:([\w-]+)[ \t]*(.*?)[ \t]*$", re.M)
_MARKS = ("topic", "key", "stability")
_ONLY_OF_TOPICS = ("topic", "key")
_NO_KEYS = {
    FieldDescriptorProto.TYPE_MESSAGE: "a message",
    FieldDescriptorProto.TYPE_GROUP: "a group",
    FieldDescriptorProto.TYPE_DOUBLE: "a double",
    FieldDescriptorProto.TYPE_FLOAT: "a float",
}


class Topic(NamedTuple):
    """One topic: its `name` in the queue, the field of the message that is its key, empty without one, and the full
    name of the message.
    """

    service: Service
    method: Method
    name: str
    key: str
    message: str

    @property
    def is_batch(self) -> bool:
        """Return whether its logic gets a list of messages."""
        return self.method.takes_stream


def topics(contract: ProtoContract) -> tuple[Topic, ...]:
    """Return the topics of a queue service, one for each RPC."""
    messages = {ref: full.removeprefix(".") for full, ref in contract.types.items()}
    return tuple(
        Topic(service, method, *_named(contract, method), messages[method.request])
        for service in contract.services
        for method in service.methods
    )


def problems(found: tuple[Topic, ...], contract: ProtoContract) -> Iterator[Diagnostic]:
    """Yield an error for each RPC that cannot be a topic, and for names and keys that a queue cannot have."""
    messages = dict(_messages(contract))
    seen: dict[str, Topic] = {}
    for topic in found:
        yield from _shape(topic.method)
        yield from _marks(topic.method)
        yield from _name(topic, seen)
        if topic.key:
            yield from _key(topic, messages[topic.method.request])


def ignored(contract: ProtoContract) -> tuple[Diagnostic, ...]:
    """Return a warning about the first RPC of an RPC service that is marked as a topic."""
    for service in contract.services:
        for method in service.methods:
            marks = [f"mallgen:{mark}" for mark, _ in _SAID.findall(method.doc) if mark in _ONLY_OF_TOPICS]
            options = [f"mallgen.queue.{mark}" for mark in _ONLY_OF_TOPICS if getattr(method, mark)]
            if options or marks:
                message = f"`{(options or marks)[0]}` of `{method.name}` has no effect in an RPC service"
                hint = 'make a queue service of it: kind = "rmq" in mallgen.toml, or mallgen rmq protoc'
                return (Diagnostic("queue-as-rpc", message, method.span, hint, severity="warning"),)
    return ()


def _named(contract: ProtoContract, method: Method) -> tuple[str, str]:
    said = dict(_SAID.findall(method.doc))
    words = "-".join(word.lower() for word in _WORDS.findall(method.name))
    plain = f"{contract.package}.{words}" if contract.package else words
    return method.topic or said.get("topic", plain), method.key or said.get("key", "")


def _marks(method: Method) -> Iterator[Diagnostic]:
    said: dict[str, str] = {}
    for mark, value in _SAID.findall(method.doc):
        if said.setdefault(mark, value) != value:
            message = f"`{method.name}` has two values for its {mark}: `{said[mark]}` and `{value}`"
            yield Diagnostic("bad-mark", message, method.span, "leave one of them")
        if mark not in _MARKS:
            hint = did_you_mean(mark, _MARKS) or "the comments for mallgen are `mallgen:topic` and `mallgen:key`"
            yield Diagnostic("bad-mark", f"there is no comment `mallgen:{mark}`", method.span, hint)
        other = {"topic": method.topic, "key": method.key}.get(mark, "")
        if other and other != value:
            message = f"`{method.name}` has two values for its {mark}: `{other}` by option, `{value}` by comment"
            yield Diagnostic("bad-mark", message, method.span, "leave one of them")


def _shape(method: Method) -> Iterator[Diagnostic]:
    if method.reply != EMPTY or method.gives_stream:
        what = "a stream" if method.gives_stream else f"`{'.'.join(method.reply.path)}`"
        message = f"`{method.name}` returns {what}, and nobody waits for the answer to a message of a queue"
        hint = "return google.protobuf.Empty, or make an RPC service of it: mallgen rpc protoc"
        yield Diagnostic("not-a-topic", message, method.span, hint)


def _name(topic: Topic, seen: dict[str, Topic]) -> Iterator[Diagnostic]:
    name, span = topic.name, topic.method.span
    if not _LEGAL.fullmatch(name) or name in (".", ".."):
        message = f"`{name}` cannot be a topic's name"
        yield Diagnostic("bad-topic", message, span, "use at most 245 letters, digits, `.`, `_` and `-`")
    elif name.endswith(SUFFIX):
        yield Diagnostic("bad-topic", f"`{name}` is where dead letters go", span, f"leave out `{SUFFIX}`")
    other = seen.setdefault(name, topic)
    if other is not topic:
        message = f"`{topic.method.name}` and `{other.method.name}` are one topic: {name}"
        note = Note(other.method.span, "the other one")
        yield Diagnostic("bad-topic", message, span, "give one another name: // mallgen:topic NAME", (note,))


def _key(topic: Topic, message: DescriptorProto) -> Iterator[Diagnostic]:
    fields = {field.name: field for field in message.field}
    field = fields.get(topic.key)
    if field is None:
        hint = did_you_mean(topic.key, fields) or f"name one of {', '.join(fields) or 'its fields, once it has some'}"
        text = f"`{message.name}` has no field `{topic.key}` to be the key"
        yield Diagnostic("bad-topic-key", text, topic.method.span, hint)
        return
    kind = "repeated" if field.label == FieldDescriptorProto.LABEL_REPEATED else _NO_KEYS.get(field.type)
    if kind:
        text = f"`{topic.key}` cannot be the key of `{topic.method.name}`: it is {kind}"
        yield Diagnostic("bad-topic-key", text, topic.method.span, "name a field that is a text, a number or an enum")


def _messages(contract: ProtoContract) -> Iterator[tuple[MessageRef, DescriptorProto]]:
    """Yield every message of the files, the nested ones too."""
    for file in contract.files:
        waiting: list[tuple[tuple[str, ...], DescriptorProto]]
        waiting = [((message.name,), message) for message in file.descriptor.message_type]
        while waiting:
            path, message = waiting.pop()
            yield MessageRef(file.name, path), message
            waiting += [((*path, inner.name), inner) for inner in message.nested_type]
