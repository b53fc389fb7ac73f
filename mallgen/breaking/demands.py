"""Places of own code that a finding is about: where a value lacks a field that is required now, and who calls an RPC.

A caller counts as a user of what has changed where its code names it, or may do so: an attribute of a value whose
class is unknown counts. Pure.
"""

import re
from collections.abc import Iterator, Sequence
from posixpath import basename
from typing import TYPE_CHECKING

from mallgen.breaking.policy import Judgement
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.drift.own_uses import BuiltValue, MemberUse, OwnUses
from mallgen.python.names import snake, variable
from mallgen.text.span import Span

if TYPE_CHECKING:
    from mallgen.breaking.proto_pairs import ProtoFieldPair
    from mallgen.breaking.topic_pairs import TopicPair
    from mallgen.proto.topics import Topic

_REQUIRED = re.compile(
    r"(?:request-field-(?:added|became)|column-added)-required|column-not-null|proto-required-fields-changed"
)
_PROTO2 = "proto-required-fields-changed"
_BEHAVIOR, _VALIDATION = "proto-field-behavior-changed", "proto-field-validation-tightened"
_NEEDS_VALUE = re.compile(r"\b(?:required|min_\w+|gte?) = ")
_OTHER_CALL = re.compile(r"proto-rpc-(?:request-type|response-type|client-streaming|server-streaming)-changed")
_OF_FIELD = re.compile(r"proto-(?:field|oneof-field)-(?:added|removed|renamed|(?:name|number)-not-reserved)")
_OF_TYPE = re.compile(r"proto-(?:message|enum)-(?:removed|renamed)")
_RPC = re.compile(r"[\w.]+/\w+")
_NAME = re.compile(r"[^\W\d]\w*")
_REFLECTING = frozenset({"DESCRIPTOR", "MessageToDict", "MessageToJson", "ParseDict", "Parse", "ListFields"})


def demanded(one: Judgement, uses: Sequence[OwnUses]) -> Iterator[Span]:
    """Yield where own code makes a value without the field or column that a finding says is required now."""
    owner, field = _demand(one)
    if owner:
        for built in (value for own in uses for value in own.built):
            if _kind(built) == owner[0] and _class_of(built) == owner[1:] and field not in built.fields:
                yield built.span


def callers(one: Judgement, uses: Sequence[OwnUses]) -> Iterator[Span]:
    """Yield where own code calls an RPC whose messages or streams are other ones now, or sends to such a topic."""
    topic = _topic(one)
    if topic is not None and topic.old is not None and not _is_sent_alike(topic):
        yield from (span for own in uses for span in _sends(topic.old, own))
    if _OTHER_CALL.fullmatch(one.found.diagnostic.code):
        for title in _rpcs(one):
            yield from (span for own in uses for span in _calls(title, own))


def _topic(one: Judgement) -> "TopicPair | None":
    from mallgen.breaking.topic_pairs import TopicPair  # imported only where there are protos

    return one.found.about if isinstance(one.found.about, TopicPair) else None


def _is_sent_alike(pair: "TopicPair") -> bool:
    """Return whether code that sends to the old topic sends to the new one."""
    sides = [(topic.service.name, topic.method.name, topic.message) for topic in pair if topic is not None]
    return len(sides) == len(pair) and sides[0] == sides[1]


def _sends(topic: "Topic", own: OwnUses) -> Iterator[Span]:
    """Yield where code names the method of a producer that sends to a topic."""
    name, owner = variable(topic.method.name), f"{topic.service.name}Producer"
    return (use.span for use in own.members if use.name == name and use.owner.rpartition(".")[2] == owner)


def may_use(one: Judgement, own: OwnUses) -> bool:
    """Return whether a caller's code uses what a finding about a proto is about, or may do so."""
    code, titles = one.found.diagnostic.code, _rpcs(one)
    if code.startswith("topic-"):
        topic = _topic(one)
        return topic is None or any(_may_send(side, own) for side in topic if side is not None)
    if titles and not any(_is_called(title, own) for title in titles):
        return False
    if _OF_TYPE.fullmatch(code):
        return bool(own.words & {*_NAME.findall(one.found.diagnostic.message)})
    pair = _proto_field(one) if _OF_FIELD.fullmatch(code) else None
    if pair is None or own.words & _REFLECTING:
        return True
    names = {variable(side.name) for side in (pair.old, pair.new) if side is not None}
    owners = "", pair.owner.rpartition(".")[2]
    return any(use.name in names and use.owner.rpartition(".")[2] in owners for use in own.members)


def _proto_field(one: Judgement) -> "ProtoFieldPair | None":
    from mallgen.breaking.proto_pairs import ProtoFieldPair  # imported only where there are protos

    return one.found.about if isinstance(one.found.about, ProtoFieldPair) else None


def _rpcs(one: Judgement) -> list[str]:
    """Return the RPCs that a finding names, or else affects: `notes.Notes/Mine`."""
    said = one.found.diagnostic
    return _RPC.findall(said.message) or _RPC.findall(dict(said.facts).get("affects", ""))


def _calls(title: str, own: OwnUses) -> Iterator[Span]:
    """Yield where code names the method of an RPC's client."""
    return (use.span for use in own.members if _is_method(use, title) and use.owner)


def _is_called(title: str, own: OwnUses) -> bool:
    return any(_is_method(use, title) for use in own.members) or variable(title.rpartition("/")[2]) in own.words


def _is_method(use: MemberUse, title: str) -> bool:
    service, _, method = title.rpartition("/")
    owners = "", f"{service.rpartition('.')[2]}Client"
    return use.name == variable(method) and use.owner.rpartition(".")[2] in owners


def _demand(one: Judgement) -> tuple[tuple[str, ...], str]:
    """Return the class whose values need a field now, as kind, module and name, and the field; "" without a demand."""
    said, about = one.found.diagnostic, one.found.about
    needs_value = said.code == _VALIDATION and _NEEDS_VALUE.search(said.message)
    if not (_REQUIRED.fullmatch(said.code) or needs_value or (said.code == _BEHAVIOR and "REQUIRED" in said.message)):
        return (), ""
    if said.code.startswith("proto-"):
        pair = _proto_field(one)
        if pair is None or pair.new is None or (said.code == _PROTO2 and pair.new.presence != "required"):
            return (), ""
        return ("proto", _stem(pair.new.file.name), pair.owner), variable(pair.new.name)
    if isinstance(about, FieldPair):
        return (("api", "", about.home.name), variable(about.new.field.name)) if about.new is not None else ((), "")
    table, column = [word for part in re.findall("`([^`]+)`", said.message) for word in part.split(".")][:2]
    return ("table", "", snake(table)), variable(column)


def _may_send(topic: "Topic", own: OwnUses) -> bool:
    return variable(topic.method.name) in own.words or any(_sends(topic, own))


def _kind(built: BuiltValue) -> str:
    module = built.owner.rpartition(".")[0]
    return "proto" if "_pb2." in built.owner else "table" if module.endswith("_model_gen") else "api"


def _class_of(built: BuiltValue) -> tuple[str, str]:
    """Return the stem of the proto that declares a value's class, "" for other kinds, and the name in the contract."""
    if _kind(built) == "proto":
        module, _, name = built.owner.partition("_pb2.")
        return _stem(module.replace(".", "/")), name
    name = built.owner.rpartition(".")[2]
    return "", snake(name.removesuffix("Values")) if _kind(built) == "table" else name


def _stem(path: str) -> str:
    return snake(basename(path.removesuffix(".proto")))
