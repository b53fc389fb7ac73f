"""No change of protos, no finding; and each kind of change has its effect on any protos."""

import gc
import random
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mallgen.breaking import RULES, ServiceChange
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.proto_pairs import MessagePair, ProtoFieldPair
from mallgen.proto.load import load_protos
from mallgen.proto.model import ProtoContract
from mallgen.rules import Found
from tests.protos import ALL, PROTOS
from tests.random_protos import RENAMED, RandomField, RandomProtos, random_protos

RANDOM = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# a message of one field that nothing uses could be any other one
RENAMES = {"proto-message-renamed", "proto-message-removed", "proto-enum-removed", "proto-file-removed"}
SEEDS = st.integers(0, 1 << 32)


def _findings(old: ProtoContract, new: ProtoContract) -> list[Found]:
    return RULES.run(ServiceChange(proto=ProtoChange(old, new, "main")), RULES.chosen((), ()))


def _serious(old: ProtoContract, new: ProtoContract) -> list[tuple[str, str, str]]:
    """Return level, rule and message of what is not compatible."""
    found = _findings(old, new)
    return [(one.level, one.diagnostic.code, one.diagnostic.message) for one in found if one.diagnostic.level != "info"]


def _loaded(files: dict[str, str]) -> ProtoContract:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        found = load_protos([f"{folder}/shop.proto"], [], for_service=False)
    assert found.contract is not None, (found.diagnostics, files)
    return found.contract


def _read(protos: RandomProtos, chance: random.Random) -> ProtoContract:
    return _loaded(protos.files(chance))


@pytest.fixture
def thorough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rules see also what is byte for byte what it was."""
    for pair in (MessagePair, ProtoFieldPair):
        monkeypatch.setattr(pair, "is_same", property(lambda own: False))


@pytest.mark.usefixtures("thorough")
@pytest.mark.slow
def test_every_proto_of_the_corpus_is_the_same_as_itself(corpus: Path) -> None:
    read = 0
    for path in sorted(corpus.rglob("*.proto")):
        found = load_protos([str(path)], [], for_service=False).contract
        if found is not None:
            read += 1
            assert _findings(found, found) == [], path
    assert read > 50


@pytest.mark.usefixtures("thorough")
@pytest.mark.parametrize("proto", ALL, ids=lambda proto: proto.folder)
def test_the_protos_of_our_own_are_the_same_as_themselves(proto: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(proto, type(ALL[0]))
    monkeypatch.chdir(PROTOS / proto.folder)
    files = [word for word in proto.words if word.endswith(".proto")]
    found = load_protos(files, ["."] if "-I" in proto.words else [], for_service=False).contract
    assert found is not None
    assert _findings(found, found) == []


@RANDOM
@given(SEEDS)
@pytest.mark.slow
def test_order_and_files_never_matter(seed: int) -> None:
    chance = random.Random(seed)
    protos = random_protos(chance)
    found = _serious(_read(protos, chance), _read(protos, chance))
    assert [one for one in found if one[1] != "proto-file-removed"] == []


@RANDOM
@given(SEEDS)
@pytest.mark.slow
def test_to_add_is_never_an_error(seed: int) -> None:
    chance = random.Random(seed)
    protos = random_protos(chance)
    old = _read(protos, chance)
    name = chance.choice([*protos.messages])
    protos.messages[name].append(RandomField("", chance.choice(("int32", "string", "New")), "added", 200))
    protos.messages["New"] = [RandomField("repeated", "string", "texts", 1)]
    protos.rpcs["Added"] = "New", name
    protos.enums[chance.choice([*protos.enums])] += 1
    found = _serious(old, _read(protos, chance))
    assert {one[1] for one in found} <= {"proto-enum-value-added", "proto-file-removed"}


@RANDOM
@given(SEEDS)
@pytest.mark.slow
def test_to_remove_is_always_an_error(seed: int) -> None:
    chance = random.Random(seed)
    protos = random_protos(chance)
    old = _read(protos, chance)
    what = chance.choice(("field", "rpc", "value") if protos.enums["Enum0"] > 1 else ("field", "rpc"))
    if what == "field":
        fields = protos.messages[chance.choice([*protos.messages])]
        fields.remove(chance.choice(fields))
    elif what == "rpc":
        del protos.rpcs[chance.choice([*protos.rpcs])]
    else:
        protos.enums["Enum0"] -= 1
    expected = {
        "field": "proto-field-number-not-reserved",
        "rpc": "proto-rpc-removed",
        "value": "proto-enum-value-number-not-reserved",
    }
    assert [one[:2] for one in _serious(old, _read(protos, chance)) if one[1] != "proto-file-removed"].count(
        ("wire", expected[what])
    ) == 1


@RANDOM
@given(SEEDS)
@pytest.mark.slow
def test_to_rename_types_leaves_the_wire_alone(seed: int) -> None:
    chance = random.Random(seed)
    protos = random_protos(chance)
    old = _read(protos, chance)
    names = {name: f"{name}{RENAMED}" for name in (*protos.messages, *protos.enums)}
    renamed = RandomProtos(
        {names[name]: [_with_types(field, names) for field in fields] for name, fields in protos.messages.items()},
        {names[name]: count for name, count in protos.enums.items()},
        {name: (names[sides[0]], names[sides[1]]) for name, sides in protos.rpcs.items()},
    )
    found = _serious(old, _read(renamed, chance))
    assert {one[0] for one in found} <= {"source"}
    assert {one[1] for one in found} <= RENAMES


def _with_types(field: RandomField, names: dict[str, str]) -> RandomField:
    words = field.kind.removesuffix(">").split(", ")
    last = names.get(words[-1], words[-1])
    kind = f"{words[0]}, {last}>" if field.kind.startswith("map") else last
    return field._replace(kind=kind)


def _chain(last: str, length: int = 3000) -> ProtoContract:
    """Return messages of which each has the next one, in the last one a field of a type."""
    inner = "\n".join(f"message M{at} {{ M{at + 1} next = 1; }}" for at in range(length))
    head = 'syntax = "proto3";\npackage shop;\n'
    service = "service Shop { rpc Get(M0) returns (M0); }"
    return _loaded({"shop.proto": f"{head}{inner}\nmessage M{length} {{ {last} end = 1; }}\n{service}"})


def test_a_long_chain_of_messages_is_compared() -> None:
    (found,) = _findings(_chain("string"), _chain("double"))
    assert found.diagnostic.code == "proto-field-type-wire-incompatible"
    assert found.diagnostic.facts == (("affects", "shop.Shop/Get"),)


def _large(changed: bool) -> dict[str, str]:
    """Return a service of 500 RPCs and 200 messages of 20 fields, of which ten at a time refer to each other."""
    lines = ['syntax = "proto3";', "package shop;"]
    for at in range(200):
        lines.append(f"message M{at} {{")
        lines += [f"  string field{number} = {number};" for number in range(1, 19)]
        lines += [
            f"  M{at // 10 * 10 + (at + 1) % 10} next = 19;",
            f"  {'int64' if changed else 'int32'} count = 20;",
            "}",
        ]
    lines += ["service Shop {", *(f"  rpc Get{at}(M{at % 200}) returns (M{at % 199});" for at in range(500)), "}"]
    return {"shop.proto": "\n".join(lines)}


def test_comparing_takes_less_time_than_reading() -> None:
    _findings(*[_loaded(_large(False))] * 2)  # imports what is not to be measured
    gc.disable()  # mallgen collects seldom; here it would look at what all tests have left
    try:
        start = time.process_time()
        old, new = _loaded(_large(False)), _loaded(_large(True))
        reading = time.process_time() - start
        start = time.process_time()
        found = _findings(old, new)
        comparing = time.process_time() - start
    finally:
        gc.enable()
    assert len(found) == 200
    assert comparing < 1.5 * reading, (comparing, reading)
