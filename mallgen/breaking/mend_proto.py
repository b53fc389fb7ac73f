"""Mends of findings about protos: the old declaration, marked deprecated; else its number and name, reserved. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from mallgen.breaking.mend import Insertion, Mend, VersionTexts
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.proto_pairs import EnumPair, ProtoFieldPair, RpcPair
from mallgen.rules import Found
from mallgen.syntax.edits import Offsets
from mallgen.text.span import Span, SpanEdit

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import EnumValueDescriptorProto, FieldDescriptorProto

    from mallgen.breaking.proto_tree import EnumNode, MessageNode, ValueNode
    from mallgen.proto.model import ProtoFile

_MARK = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[{}\[\];]""", re.S)
_DEPTH = {"{": 1, "[": 1, "}": -1, "]": -1}
_TAIL = re.compile(r"[ \t]*//[^\n]*")
_INDENT = re.compile(r"^([ \t]+)[^\s*/]", re.M)


class _GoneValue(NamedTuple):
    """A value that an enum has lost."""

    enum: EnumPair
    old: "ValueNode"


class ProtoMender:
    """One change of protos, with the texts of both versions by path."""

    def __init__(self, change: ProtoChange, old: VersionTexts, new: VersionTexts) -> None:
        self.change, self.old, self.new = change, old.texts, new.texts

    def field(self, pair: ProtoFieldPair) -> Mend | None:
        """Put a field back that is gone, into its oneof where it had one that is still there."""
        message = self.change.new.messages.get(pair.types[1])
        if pair.old is None or message is None or pair.old.kind == "group":
            return None
        start = pair.old.file.comments.at(pair.old.path)
        text = self._declaration(start)
        lines = text if pair.old.proto.options.deprecated else _with_option(text)
        place = message.oneofs.get(pair.old.oneof, message.span)
        needed = self._types([pair.old.type_name], pair.old.file)
        return Mend((self._into(place, start, lines), *needed))

    def value(self, pair: _GoneValue) -> Mend | None:
        """Put a value back that is gone."""
        text = self._declaration(pair.old.span)
        is_marked = any(one.name == pair.old.name and one.options.deprecated for one in pair.enum.old.proto.value)
        return Mend((self._into(pair.enum.new.span, pair.old.span, text if is_marked else _with_option(text)),))

    def rpc(self, pair: RpcPair) -> Mend | None:
        """Put an RPC back that is gone, with its messages."""
        if pair.old is None or pair.service.new is None or pair.service.old is None:
            return None
        text = self._declaration(pair.old.span, "rpc")
        if not pair.old.options.deprecated:
            text = _with_body(text, _unit(self.new[pair.service.new.span.file]))
        needed = self._types([pair.old.request, pair.old.reply], pair.service.old.file)
        return Mend((self._into(pair.service.new.span, pair.old.span, text), *needed))

    def both_rpcs(self, pair: RpcPair) -> Mend | None:
        """Put an RPC back as it was; the new one, where it has its name, gets another."""
        back = self.rpc(pair)
        if back is None or pair.new is None or pair.old is None or pair.new.name != pair.old.name:
            return back
        text, span = self.new[pair.new.span.file], pair.new.span
        places = Offsets(text, span.file)
        start = places.offset(span.line, span.col)
        name = re.compile(rf"rpc\s+({pair.new.name})\s*\(").match(text, start)
        if name is None:
            return None
        return back._replace(edits=(SpanEdit(places.span(*name.span(1)), f"{pair.new.name}New"),))

    def reserved_field(self, pair: ProtoFieldPair) -> Mend | None:
        """Reserve the number and the name of a field that is gone."""
        message = self.change.new.messages.get(pair.types[1])
        if pair.old is None or message is None:
            return None
        return self._reserved(message, pair.old.number, pair.old.name)

    def reserved_value(self, pair: _GoneValue) -> Mend | None:
        """Reserve the number and the name of a value that is gone."""
        return self._reserved(pair.enum.new, pair.old.number, pair.old.name)

    def _reserved(self, node: "MessageNode | EnumNode", number: int, name: str) -> Mend:
        is_known = any(first <= number <= last for first, last in node.reserved)
        quote = "" if node.file.descriptor.syntax == "editions" else '"'
        lines = [] if is_known else [f"reserved {number};"]
        taken = {one.name for one in _inside(node)}
        lines += [] if name in {*node.proto.reserved_name, *taken} else [f"reserved {quote}{name}{quote};"]
        return Mend((self._into(node.span, (number, name), *lines),))

    def _into(self, place: Span, key: object, *lines: str) -> Insertion:
        """Return what puts lines into the braces of what has its name at a place."""
        text = self.new[place.file]
        closing = _closing(text, Offsets(text, "").offset(place.line, place.col))
        return Insertion(place.file, closing, key, lines, unit=_unit(text))

    def _declaration(self, span: Span, *words: str) -> str:
        """Return a declaration with its comments; `words` are the keywords before what begins at its place."""
        text = self.old[span.file]
        start = Offsets(text, "").offset(span.line, span.col)
        before = re.search(rf"\b(?:{'|'.join(words)})\s+\Z", text[:start]) if words else None
        start = before.start() if before else start
        end = declared_end(text, start)
        tail = _TAIL.match(text, end)
        lines = text[_above(text, start) : tail.end() if tail else end].split("\n")
        lead = text[text.rfind("\n", 0, start) + 1 : start]
        return "\n".join(line.removeprefix(lead) if not lead.strip() else line for line in lines)

    def _types(self, names: Iterable[str], old: "ProtoFile") -> Iterator[Insertion]:
        """Yield what puts messages and enums back that are gone, with those that they need."""
        file = next((pair.new for pair in self.change.files if pair.old is old and pair.new is not None), None)
        waiting, seen = list(names), set[str]()
        known = {**self.change.new.messages, **self.change.new.enums}
        while waiting and file is not None:
            full = waiting.pop(0)
            node = self.change.old.messages.get(full) or self.change.old.enums.get(full)
            if node is None or full in seen or full in known:
                continue
            seen.add(full)
            waiting += [one.type_name.removeprefix(".") for one in getattr(node.proto, "field", ())]
            text = self._declaration(node.span, "message", "enum")
            around = self.change.new.messages.get(full.rpartition(".")[0])
            if around is not None:
                yield self._into(around.span, full, text)
            elif full.rpartition(".")[0] not in self.change.old.messages:
                path = file.comments.file
                yield Insertion(path, len(self.new[path]), full, (text,), gap=True, unit=_unit(self.new[path]))


FIELD_MENDS: Mapping[str, Callable[[ProtoMender, ProtoFieldPair], Mend | None]] = {
    "proto-field-removed": ProtoMender.field,
    "proto-field-number-not-reserved": ProtoMender.reserved_field,
    "proto-field-name-not-reserved": ProtoMender.reserved_field,
}
VALUE_MENDS: Mapping[str, Callable[[ProtoMender, _GoneValue], Mend | None]] = {
    "proto-enum-value-removed": ProtoMender.value,
    "proto-enum-value-number-not-reserved": ProtoMender.reserved_value,
    "proto-enum-value-name-not-reserved": ProtoMender.reserved_value,
}
RPC_MENDS: Mapping[str, Callable[[ProtoMender, RpcPair], Mend | None]] = {
    "proto-rpc-removed": ProtoMender.rpc,
    **dict.fromkeys(
        (
            "proto-rpc-renamed",
            "proto-rpc-request-type-changed",
            "proto-rpc-response-type-changed",
            "proto-rpc-client-streaming-changed",
            "proto-rpc-server-streaming-changed",
        ),
        ProtoMender.both_rpcs,
    ),
}


def proto_mend(found: Found, mender: ProtoMender) -> Mend | None:
    """Return what mends a finding by its code and pair."""
    code, about = found.diagnostic.code, found.about
    if isinstance(about, ProtoFieldPair) and code in FIELD_MENDS:
        return FIELD_MENDS[code](mender, about)
    if isinstance(about, tuple) and isinstance(about[0], EnumPair) and code in VALUE_MENDS:
        return VALUE_MENDS[code](mender, _GoneValue(*about))
    return RPC_MENDS[code](mender, about) if isinstance(about, RpcPair) and code in RPC_MENDS else None


def _inside(node: "MessageNode | EnumNode") -> Iterable["FieldDescriptorProto | EnumValueDescriptorProto"]:
    return [*getattr(node.proto, "field", ()), *getattr(node.proto, "value", ())]


def _above(text: str, start: int) -> int:
    """Return where the comments in the lines before a declaration begin, its own start without them."""
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():
        return start
    while line:
        before = text.rfind("\n", 0, line - 1) + 1
        if not text[before:line].lstrip().startswith("//"):
            break
        line = before
    return line + len(text[line:start]) - len(text[line:start].lstrip())


def _marks(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Yield each bracket and semicolon behind an offset, with its end and the depth behind it."""
    depth = 0
    for found in _MARK.finditer(text, start):
        if len(found[0]) == 1:
            depth += _DEPTH.get(found[0], 0)
            yield found[0], found.end(), depth


def declared_end(text: str, start: int) -> int:
    """Return the end of the declaration that begins at an offset. Raises LookupError where it has none."""
    for mark, end, depth in _marks(text, start):
        if not depth and mark in ";}":
            return end
    raise LookupError(start)


def _closing(text: str, start: int) -> int:
    """Return the offset of the brace that closes the next one that opens. Raises LookupError where none does."""
    for mark, end, depth in _marks(text, start):
        if not depth and mark == "}":
            return end - 1
    raise LookupError(start)


def _with_option(text: str) -> str:
    """Return the declaration of a field or value with the option that says that it is deprecated."""
    end = declared_end(text, 0) - 1
    before = text[:end].rstrip()
    if before.endswith("]"):
        return f"{before[:-1].rstrip()}, deprecated = true]{text[end:]}"
    return f"{before} [deprecated = true]{text[end:]}"


def _with_body(text: str, unit: str) -> str:
    """Return the declaration of an RPC with the option that says that it is deprecated."""
    end = declared_end(text, 0)
    option = f"{unit}option deprecated = true;\n}}"
    if text[end - 1] == ";":
        return f"{text[: end - 1].rstrip()} {{\n{option}{text[end:]}"
    body = text[: end - 1].rstrip()
    return f"{body}\n{option}{text[end:]}"


def _unit(text: str) -> str:
    """Return the white space by which the first indented line of a text is indented."""
    found = _INDENT.search(text)
    return found[1] if found else "  "
