"""The search for the witnesses of changes of protos, through the messages of both versions."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.proto_pairs import EnumPair, MessagePair, ProtoFieldPair, RpcPair
from mallgen.breaking.proto_tree import RpcNode, ValueNode
from mallgen.breaking.topic_pairs import TopicPair
from mallgen.emit import rmq, rpc
from mallgen.emit.protobuf import Modules, modules
from mallgen.emit.protoservice import ProtoOptions
from mallgen.proto.model import ProtoContract
from mallgen.python.code import Code, PyIdent
from mallgen.python.render import Renderer
from mallgen.text.limits import DEFAULT
from mallgen.witness.child import Child, NotExecuted
from mallgen.witness.messages import MessageSamples, MessageWitness, distinct
from mallgen.witness.requests import shortened
from mallgen.witness.values import Json

_EMPTY: tuple[Json, ...] = (None, 0, "", False, [], {})
_LATE = "DEADLINE_EXCEEDED"
_MOST_FIELDS = 3  # that have one enum
Plain = dict[str, Any]
_NOTHING: Plain = {"json": "{}", "binary": ""}  # sent to a topic of whose message no value can be made


class RpcWitnesses:
    """Finds witnesses for the protos of one service, whose two versions run in two children."""

    def __init__(self, change: ProtoChange, old: Child, new: Child, service: str) -> None:
        self._change = change
        self._children, self._service = (old, new), service
        self._trees = change.old, change.new
        self._samples = MessageSamples(change.old), MessageSamples(change.new)
        self._readers = ("new consumers", "old consumers") if any(change.queues) else ("new servers", "old clients")
        for child, contract, is_queue in zip(self._children, change.contracts, change.queues, strict=True):
            _load(child, contract, service, is_queue)

    def find(self, about: object, level: str) -> MessageWitness | None:
        """Return the smallest witness of a change of a field, an enum, an RPC or a topic, in JSON for that `level`.

        Raises NotExecuted.
        """
        form = "json" if level == "json" else "binary"
        found: list[MessageWitness] = []
        if isinstance(about, ProtoFieldPair):
            found = list(self._field(about, form))
        elif isinstance(about, MessagePair):
            found = [one for field in about.fields for one in self._field(field, form)]
        elif isinstance(about, tuple) and about and isinstance(about[0], EnumPair):
            number = about[1].number if isinstance(about[1], ValueNode) else None
            found = [one for field in self._fields_of(about[0]) for one in self._field(field, form, number)]
        elif isinstance(about, RpcPair):
            found = list(self._rpc(about, form))
        elif isinstance(about, TopicPair):
            found = list(self._topic(about, form))
        elif isinstance(about, tuple):
            found = [one for title in about if isinstance(title, str) for one in self._gone(title)]
        return min(found, key=lambda one: one.size, default=None)

    def _fields_of(self, about: EnumPair) -> list[ProtoFieldPair]:
        """Return some fields that have an enum."""
        pairs = (field for message in self._change.messages for field in message.fields)
        found = (one for one in pairs if one.old is not None and one.old.type_name == about.old.full)
        return [one for _, one in zip(range(_MOST_FIELDS), found, strict=False)]

    def _field(self, pair: ProtoFieldPair, form: str, number: int | None = None) -> Iterator[MessageWitness]:
        """Yield messages of one version that the other one refuses or reads in another way: requests first.

        `number` is the value that the field of an enum has in requests, None for all that may show something.
        """
        if any(side is not None and side.proto.extendee for side in (pair.old, pair.new)):
            raise NotExecuted("no values of extensions are made")
        asked = pair.types[0] in self._trees[0].carriers("request")
        answered = pair.types[1] in self._trees[1].carriers("response")
        found = list(self._sent(pair, 0, form, number)) if asked or not answered else []
        yield from found
        if not found and (answered or not asked):
            yield from self._sent(pair, 1, form, None)

    def _sent(self, pair: ProtoFieldPair, side: int, form: str, number: int | None) -> Iterator[MessageWitness]:
        """Yield the messages that `side` sends and the other one reads in another way."""
        own, other = (pair.old, pair.new) if side == 0 else (pair.new, pair.old)
        mine, theirs = pair.types[side], pair.types[1 - side]
        samples = self._samples[side]
        values = [samples.smallest(mine), samples.fullest(mine)]
        values += samples.borders(mine, own.name) if own is not None else []
        if number is not None and own is not None:
            values = [samples.having(mine, own, number)]
        sent = self._written(side, mine, values)
        taken = self._ask(1 - side, "take", [{"message": theirs, "form": form, "data": one[form]} for one in sent])
        for one, read in zip(sent, taken, strict=True):
            key = "names" if number is not None else "values"
            line = self._difference(pair, side, one[key], {**read, "values": read.get(key)})
            if line:
                name = mine.rpartition(".")[2]
                who = f"{name} {shortened(one['json'])}"
                who += f" ({shortened(one['binary'], 40)})" if form == "binary" else ""
                yield MessageWitness(f"{who}: {line}", len(one["json"]), one[form], form, theirs, side == 1)
        if own is None or (side == 1 and other is not None and own.name != other.name):
            yield from self._lost(pair, side, sent, taken, form)

    def _difference(self, pair: ProtoFieldPair, side: int, sent: Plain, read: Plain) -> str:
        """Return how a message is read otherwise, "" where it is not."""
        own, other = (pair.old, pair.new) if side == 0 else (pair.new, pair.old)
        reader = self._readers[side]
        if "error" in read:
            return f"{reader} refuse it: {read['error']}" if _names(read["error"], pair) else ""
        if own is None:
            return ""
        before = sent.get(own.name)
        now = read["values"].get(other.name) if other is not None and not pair.is_reused else None
        if _same(before, now) or (before is None and not pair.is_reused and now is None):
            return ""
        if other is None:
            return f"{reader} have no `{own.name}`, and lose {_shown(before)}"
        if pair.is_reused:
            other_value = read["values"].get(other.name)
            found = f"read it as {_shown(other_value)} of `{other.name}`" if other_value is not None else "lose it"
            return f"{reader} do not know {_shown(before)} as `{own.name}`, and {found}"
        return f"{reader} read `{other.name}` as {_shown(now)}, not {_shown(before)}"

    def _lost(
        self, pair: ProtoFieldPair, side: int, sent: list[Plain], taken: list[Plain], form: str
    ) -> Iterator[MessageWitness]:
        """Yield the fullest new message where old readers find no value of an old field in any."""
        if side == 0 or pair.old is None:
            return
        name = pair.old.name
        if any(read["values"].get(name) not in _EMPTY for read in taken if "error" not in read) or not sent:
            return
        one = max(sent, key=lambda found: len(found["json"]))
        line = f"{pair.types[1].rpartition('.')[2]} {shortened(one['json'])}: {self._readers[1]} find no `{name}` in it"
        yield MessageWitness(line, len(one["json"]), one[form], form, pair.types[0], True)

    def _rpc(self, pair: RpcPair, form: str) -> Iterator[MessageWitness]:
        """Yield a call that the new version does not serve, and messages that its types read in another way."""
        if pair.old is None:
            return
        yield from self._gone(pair.old.title)
        if pair.new is None:
            return
        old, new = pair.old, pair.new
        if (old.takes_stream, old.gives_stream) != (new.takes_stream, new.gives_stream):
            yield from self._streamed(old)
        yield from self._renamed_type(pair.old.request, pair.new.request, 0, form)
        yield from self._renamed_type(pair.old.reply, pair.new.reply, 1, form)

    def _streamed(self, old: RpcNode) -> Iterator[MessageWitness]:
        """Yield the call of an old client, with two messages in each stream, that the new version fails."""
        asked: Plain = {"wire": f"/{old.title}", "takes": old.takes_stream, "gives": old.gives_stream}
        (before,), (now,) = (self._ask(side, "stream", [asked]) for side in (0, 1))
        if before.get("error") == _LATE:  # it answers its own clients at once, unless the machine pauses
            (before,) = self._ask(0, "stream", [asked])
        if "error" in now and "error" not in before:
            shape = f"{'a stream' if old.takes_stream else 'one message'} in, "
            shape += f"{'a stream' if old.gives_stream else 'one message'} out"
            line = f"/{old.title} called with {shape}: answered before, ends with {now['error']} now"
            yield MessageWitness(line, len(old.title))

    def _gone(self, title: str) -> Iterator[MessageWitness]:
        """Yield a call that the old version served and the new one does not."""
        (before,), (now,) = (self._ask(side, "call", [{"wire": f"/{title}"}]) for side in (0, 1))
        if "UNIMPLEMENTED" in now.get("error", "") and "UNIMPLEMENTED" not in before.get("error", ""):
            yield MessageWitness(f"/{title}: served before, {now['error']} now", len(title))

    def _renamed_type(self, old: str, new: str, side: int, form: str) -> Iterator[MessageWitness]:
        """Yield messages of one type that the other one, which has taken its place, reads in another way."""
        if old == new:
            return
        mine, theirs = (old, new) if side == 0 else (new, old)
        sent = self._written(side, mine, self._samples[side].whole(mine))
        taken = self._ask(1 - side, "take", [{"message": theirs, "form": form, "data": one[form]} for one in sent])
        yield from self._read_otherwise(side, mine, sent, taken)

    def _topic(self, pair: TopicPair, form: str) -> Iterator[MessageWitness]:
        """Yield messages of old producers that no new consumer gets, or that it reads in another way."""
        if pair.old is None:
            return
        topic, message = pair.old.name, pair.old.message
        sent = self._written(0, message, self._samples[0].whole(message)) or [_NOTHING]
        asked: list[Plain] = [{"topic": topic, "form": form, "data": one[form]} for one in sent]
        before, now = (self._ask(side, "deliver", asked) for side in (0, 1))
        answers = zip(sent, before, now, strict=True)
        gone = [one["json"] for one, was, read in answers if "topics" in read and "topics" not in was]
        for text in gone:
            line = f"{message.rpartition('.')[2]} {shortened(text)} in `{topic}`: read before, no new consumer reads it"
            yield MessageWitness(line, len(text))
        if not gone and pair.new is not None and sent != [_NOTHING]:
            yield from self._read_otherwise(0, message, sent, now)

    def _read_otherwise(self, side: int, full: str, sent: list[Plain], taken: list[Plain]) -> Iterator[MessageWitness]:
        """Yield the messages of a type that were refused, or read as something else."""
        for one, read in zip(sent, taken, strict=True):
            name = f"{full.rpartition('.')[2]} {shortened(one['json'])}: {self._readers[side]}"
            if "error" in read:
                yield MessageWitness(f"{name} refuse it: {read['error']}", len(one["json"]))
            elif read["values"] != one["values"]:
                yield MessageWitness(f"{name} read {_shown(read['values'])}", len(one["json"]))

    def _written(self, side: int, full: str, values: Iterable[Json]) -> list[Plain]:
        """Return those of the values that the code of a version can write as a message, in both forms."""
        sent = self._ask(side, "send", [{"message": full, "values": value} for value in distinct(values)])
        return [one for one in sent if "wrong" not in one]

    def _ask(self, side: int, question: str, items: list[Plain]) -> list[Plain]:
        found = self._children[side].ask(question, self._service, items)
        for one in found:
            if "failed" in one:
                raise NotExecuted(f"the generated code does not run: {one['failed']}")
        return found


def _load(child: Child, contract: ProtoContract, service: str, is_queue: bool) -> None:
    """Make the code of protos and give it to a child. Raises NotExecuted."""
    package = f"witness_{service}"
    if not contract.services:
        files = modules(
            contract, Modules(Code(f"{PyIdent(package)}.pb")), f"{package}/pb", Renderer(False, DEFAULT.output)
        )
        texts = {f"{package}/__init__.py": "", **{file.path: file.text for file in files}}
        child.load(service, "calls", texts, package, {})
        return
    options = ProtoOptions(package=package, prove=False)
    emitted = rmq.emit(contract, options) if is_queue else rpc.emit(contract, rpc.RpcOptions(options))
    if not emitted.files:
        problem = next(one.message for one in emitted.diagnostics if one.severity == "error")
        raise NotExecuted(f"no code can be made of {contract.title}: {problem}")
    child.load(service, "calls", {file.path: file.text for file in emitted.files}, package, {})


def _names(error: str, pair: ProtoFieldPair) -> bool:
    """Return whether an error of protobuf may be about a field: that of JSON names it, that of bytes nothing."""
    names = {name for side in (pair.old, pair.new) if side is not None for name in (side.name, side.proto.json_name)}
    return any(name in error for name in names) or "arsing message" in error or "Wrong wire" in error


def _same(one: Json, other: Json) -> bool:
    """Return whether a value has been read as it was sent; a list of one is that one, and zero is nothing."""
    if one in _EMPTY and other in _EMPTY:
        return True
    if isinstance(one, list) != isinstance(other, list):
        return (one if isinstance(one, list) else [one]) == (other if isinstance(other, list) else [other])
    return one == other


def _shown(value: Json) -> str:
    return "nothing" if value is None else shortened(json.dumps(value, ensure_ascii=False), 60)
