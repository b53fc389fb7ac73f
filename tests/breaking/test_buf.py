"""Agreement with `buf breaking` about the pairs in tests/data/breaking_buf.txt, in each of its categories.

A warning or error of level wire breaks all categories, one of level json all but WIRE, one of level source or
behaviour FILE and PACKAGE. What buf says is recorded beside each pair; where it is installed, it is asked too.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from mallgen.breaking import RULES, ServiceChange
from mallgen.breaking.proto import ProtoChange
from mallgen.proto.load import load_protos
from mallgen.proto.model import ProtoContract
from tests.buf_tool import CATEGORIES, breaking, buf
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data" / "breaking_buf.txt"
_HEAD = 'syntax = "proto3";\npackage shop;\n'
_LEVELS = {
    "wire": CATEGORIES,
    "json": ("FILE", "PACKAGE", "WIRE_JSON"),
    "source": ("FILE", "PACKAGE"),
    "behaviour": ("FILE", "PACKAGE"),
}
_CALLS = "the wire path of an RPC is gone: calls end with UNIMPLEMENTED, which buf leaves out of its wire categories"
_CUT = "large numbers are cut off, which buf takes for compatible on the wire"
_SIGN = "we warn of negative numbers, which the other side reads as large ones"
_EQUAL = "only the name of a type is another one, and messages have no names of types"
_MEANING = "both versions read the same bytes, and mean other things by them: our level behaviour, not wire"
_MOVED = "the file of a message matters to includes of C++ alone; buf's category PACKAGE agrees"
DIFFERENCES = {
    "field renamed, JSON name kept": ("WIRE_JSON", "the name in JSON is what it was"),
    "field number changed, old one reserved": ("WIRE", "one finding for the move, whose data old readers do not see"),
    "field numbers swapped": ("WIRE", "each reads the other's text, which buf takes for two renamed fields"),
    "field number reused by the same encoding": ("WIRE", "an age is read as a flag"),
    "int64 to int32": ("WIRE", _CUT),
    "uint64 to uint32": ("WIRE", _CUT),
    "int32 to bool": ("WIRE", _CUT),
    "sint64 to sint32": ("WIRE", _CUT),
    "int32 to uint32": ("WIRE_JSON WIRE", _SIGN),
    "int64 to uint64": ("WIRE_JSON WIRE", _SIGN),
    "fixed32 to sfixed32": ("WIRE_JSON WIRE", _SIGN),
    "fixed64 to sfixed64": ("WIRE_JSON WIRE", _SIGN),
    "enum to int32": ("WIRE", "protobuf's guide names them compatible; buf says so of no enum"),
    "int32 to enum": ("WIRE", "protobuf's guide names them compatible; buf says so of no enum"),
    "message type to an equal one": ("WIRE_JSON WIRE", _EQUAL),
    "message type renamed": ("WIRE_JSON WIRE", _EQUAL),
    "message moved out of another": ("WIRE_JSON WIRE", _EQUAL),
    "RPC with an equal request": ("WIRE_JSON WIRE", _EQUAL),
    "RPC whose response is renamed": ("WIRE_JSON WIRE", _EQUAL),
    "map to repeated entries": ("WIRE", "a map is repeated entries on the wire, as protobuf's guide says"),
    "repeated entries to map": ("WIRE", "a map is repeated entries on the wire, as protobuf's guide says"),
    "one optional field into a new oneof": ("WIRE_JSON WIRE", "protobuf's guide names it safe; only source changes"),
    "oneof renamed": ("WIRE_JSON WIRE", "the name of a oneof is neither on the wire nor in JSON"),
    "message moved to another file": ("FILE", _MOVED),
    "message moved to a new file": ("FILE", _MOVED),
    "file renamed": ("PACKAGE", "source that imports the file breaks, which is our level source as a whole"),
    "package changed": ("WIRE_JSON WIRE", "it has no RPC, and messages have no names of packages unless in an Any"),
    "package with a service removed": ("WIRE_JSON WIRE", _CALLS),
    "service removed": ("WIRE_JSON WIRE", _CALLS),
    "service renamed": ("WIRE_JSON WIRE", _CALLS),
    "RPC removed": ("WIRE_JSON WIRE", _CALLS),
    "RPC renamed": ("WIRE_JSON WIRE", _CALLS),
    "RPC less idempotent": ("WIRE_JSON WIRE", _MEANING),
    "RPC more idempotent": ("FILE PACKAGE WIRE_JSON WIRE", "a stronger promise breaks nobody"),
    "default changed": ("WIRE_JSON WIRE", _MEANING),
    "default removed": ("WIRE_JSON WIRE", _MEANING),
    "enum value added": ("FILE PACKAGE", "we warn of clients that decide by the value"),
    "enum values swapped": ("WIRE", "a guest becomes an admin, which buf takes for two renamed values"),
    "enum removed": ("PACKAGE", "buf compares no enums of a package that has none left"),
}


class _Pair(NamedTuple):
    """A change: the texts of its files by name in both versions, and the categories that buf says it breaks."""

    name: str
    before: dict[str, str]
    after: dict[str, str]
    verdict: str


def _pairs() -> list[_Pair]:
    blocks = re.split(r"^=== ", DATA.read_text(encoding="utf-8"), flags=re.M)[1:]
    return [_pair(block) for block in blocks]


def _pair(block: str) -> _Pair:
    name, _, body = block.partition("\n")
    body, _, said = body.partition("\n>>> ")
    before, _, after = body.partition("\n---\n")
    return _Pair(name, _files(before), _files(after), said.strip())


def _files(text: str) -> dict[str, str]:
    first, *others = re.split(r"^@ ", text, flags=re.M)
    files = {"shop.proto": first, **{name: body for name, _, body in (one.partition("\n") for one in others)}}
    return {name: body if re.match(r"\s*(?:syntax|edition) =", body) else _HEAD + body for name, body in files.items()}


PAIRS = _pairs()


def _written(files: dict[str, str], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _loaded(files: dict[str, str], folder: Path) -> ProtoContract:
    _written(files, folder)
    loaded = load_protos([str(folder / name) for name in files], [str(folder)], for_service=False)
    assert loaded.contract is not None, loaded.diagnostics
    return loaded.contract


def _ours(pair: _Pair, folder: Path) -> dict[str, set[str]]:
    """Return the rules that report a change, by the category that they break."""
    sides = (_loaded(pair.before, folder / "before"), _loaded(pair.after, folder / "after"))
    change = ServiceChange(proto=ProtoChange(*sides, "before"))
    found = RULES.run(change, RULES.chosen((), ()))
    broken: dict[str, set[str]] = {}
    for one in found:
        if one.diagnostic.level != "info":
            for category in _LEVELS[one.level]:
                broken.setdefault(category, set()).add(one.diagnostic.code)
    return broken


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_verdict_is_that_of_buf(pair: _Pair, tmp_path: Path) -> None:
    ours = _ours(pair, tmp_path)
    different = " ".join(name for name in CATEGORIES if (name in ours) != (name in pair.verdict.split()))
    assert different == DIFFERENCES.get(pair.name, ("", ""))[0], ours


@pytest.mark.slow
def test_the_recorded_verdicts_are_those_of_buf(tmp_path: Path) -> None:
    tool = buf()
    said = {}
    for number, pair in enumerate(PAIRS):
        sides = (_written(files, tmp_path / str(number) / name) for name, files in _sides(pair))
        broken = set().union(*breaking(tool, *sides).values())
        said[pair.name] = " ".join(name for name in CATEGORIES if name in broken) or "nothing"
    if os.environ.get("MALLGEN_ACCEPT"):
        _record(said)
    assert said == {pair.name: pair.verdict for pair in PAIRS}


def test_enough_is_compared_and_differences_are_explained() -> None:
    names = [pair.name for pair in PAIRS]
    assert len({*names}) == len(names) >= 80
    assert DIFFERENCES.keys() <= {*names}
    assert all(reason for _, reason in DIFFERENCES.values())


def _sides(pair: _Pair) -> tuple[tuple[str, dict[str, str]], tuple[str, dict[str, str]]]:
    return ("before", pair.before), ("after", pair.after)


def _record(said: dict[str, str]) -> None:
    head, *blocks = re.split(r"^=== ", DATA.read_text(encoding="utf-8"), flags=re.M)
    texts = [block.partition("\n>>> ")[0].strip() for block in blocks]
    written = [f"=== {text}\n>>> {said[text.partition(chr(10))[0]]}\n" for text in texts]
    DATA.write_text(head + "\n".join(written), encoding="utf-8")
