"""JSON is read the same by the short way, which msgspec goes alone, and by the long one, a walk over plain values."""

import asyncio
import json
import time
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mallgen_runtime.http.offload import LARGE, offload
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.readers import MAX_JSON, Reader
from mallgen_runtime.schema import (
    AsString,
    Float32,
    Int8,
    Limit,
    NotNull,
    Options,
    Range,
    Struct,
    UInt64,
    With,
    exactly,
    field,
    zero,
)
from mallgen_runtime.schema.decoding import Wrong, convert, decode
from mallgen_runtime.schema.encoding import WrongLength, encode_as
from mallgen_runtime.schema.errors import FieldError


class Leaf(Struct, kw_only=True):
    """A class with rules that are checked after msgspec."""

    kind: Annotated[str, Options("a", "b")] = "a"
    n: UInt64 = 0
    ps: Annotated[Int8, Limit(1, 50)] = 20
    age: Annotated[Int8, Range(0, 9, open_high=True)] = 0


class Tree(Struct, kw_only=True):
    """A class that contains such rules at every depth."""

    leaf: Annotated[Leaf | None, NotNull()]
    ratio: Float32 = 0.5
    maybe: "Tree | None" = None
    leaves: list[Leaf] = field(default_factory=list)
    named: dict[str, Leaf] = field(default_factory=dict)
    by_id: dict[UInt64, Int8] = field(default_factory=dict)
    words: Annotated[list[str], Options("a", "b")] = field(default_factory=list)
    flag: bool = False
    raw: Any = None
    page: Int8 | None = 7
    other: "Leaf | None" = field(default_factory=Leaf)


class Envelope(Struct, kw_only=True):
    """A class with a value of any kind that must be sent."""

    value: Any
    tree: Tree | None = None


class Texts(Struct, kw_only=True):
    """A class that only a walk can read, because of numbers in strings."""

    id: Annotated[UInt64, AsString()] = 0
    fee: Annotated[float, AsString()] = 0.0
    flag: Annotated[bool, AsString()] = False
    page: Annotated[Int8, Range(1, 9), AsString()] = 1
    kind: Annotated[Int8, Options(1, 2), AsString()] = 1
    a: Annotated[str, With("b")] = ""
    b: str = ""
    tree: Tree | None = None


_SCALAR = st.sampled_from([None, True, 0, 1, 8, 9, 60, 200, -1, 2**64, 0.5, 1.0, 1e39, "a", "c", "1", ""])
_LEAF = st.dictionaries(st.sampled_from(["kind", "n", "ps", "age", "other"]), _SCALAR, max_size=4)
_TREE = st.recursive(
    st.fixed_dictionaries({"leaf": _LEAF}),
    lambda inner: st.fixed_dictionaries(
        {"leaf": _LEAF},
        optional={
            "ratio": _SCALAR,
            "maybe": inner | _SCALAR,
            "leaves": st.lists(_LEAF | _SCALAR, max_size=3),
            "named": st.dictionaries(st.sampled_from(["x", "y"]), _LEAF | _SCALAR, max_size=2),
            "by_id": st.dictionaries(st.sampled_from(["1", "x", "+2", "-1"]), _SCALAR, max_size=2),
            "words": st.lists(_SCALAR, max_size=3) | _SCALAR,
            "flag": _SCALAR,
            "raw": _SCALAR,
            "page": _SCALAR,
            "other": _LEAF | _SCALAR,
        },
    ),
    max_leaves=4,
)
_ENVELOPE = st.fixed_dictionaries({}, optional={"value": _SCALAR, "tree": _TREE})


def outcome(read: Any) -> Any:
    try:
        return read()
    except Wrong as problem:
        return problem.errors


@settings(max_examples=300, deadline=None)
@given(_TREE.map(lambda value: (Tree, value)) | _ENVELOPE.map(lambda value: (Envelope, value)))
def test_the_short_way_and_the_walk_agree(read: tuple[type[Struct], dict[str, Any]]) -> None:
    kind, value = read
    text = json.dumps(value).encode()
    assert outcome(lambda: decode(text, kind)) == outcome(lambda: convert(msgspec.json.decode(text), kind))


@pytest.mark.parametrize("body", ['{"leaf":{},"page":null}', '{"leaf":{"ps":99},"page":null}'])
def test_null_for_a_pointer_with_a_default_is_null(body: str) -> None:
    """The second text has a value outside of a limit, which the walk alone replaces."""
    assert decode(body.encode(), Tree).page is None
    assert decode(b'{"leaf":{}}', Tree).page == 7


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('{"leaf":{"kind":"z"},"leaf":{"kind":"b"}}', "b"),
        ('{"leaf":{"kind":"z","kind":"b"}}', "b"),
        ('{"leaf":{"kind":5,"kind":"b"}}', "b"),
        ('{"leaf":{"kind":"b","ps":1},"leaf":{"ps":2}}', "a"),
        ('{"leaf":{"kind":"a","kind":null}}', "a"),
        ('{"leaf":null,"leaf":{"kind":"b"}}', "b"),
        ('{"leaf":{"kind":"b"},"leaf":null}', ""),
        ('{"leaf":{"kind":"b","kind":"z"}}', ""),
        ('{"leaf":{"kind":"b"},"flag":null,"leaf":{"kind":"a","kind":"b"}}', "b"),
    ],
)
@pytest.mark.parametrize("around", ['{{"tree":{}}}', '{{"tree":{{"leaf":{{}},"maybe":{}}}}}'])
def test_the_last_of_two_equal_keys_counts(body: str, wanted: str, around: str) -> None:
    """The last one counts as in go-zero and FastAPI, at every depth, on both ways."""
    read = outcome(lambda: decode(body.encode(), Tree))
    walked = outcome(lambda: decode(around.format(body).encode(), Texts))
    if wanted:
        assert read.leaf.kind == wanted
        assert (walked.tree.maybe or walked.tree).leaf.kind == wanted
    else:
        assert [type(read[0]), type(walked[0])] == [FieldError, FieldError]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ('{"id":"12"}', ""),
        ('{"id":12}', ""),
        ('{"id":12.0}', "id"),
        ('{"id":true}', "id"),
        ('{"id":"x"}', "id"),
        ('{"id":18446744073709551616}', "id"),
        ('{"id":"18446744073709551616"}', "id"),
        ('{"fee":1}', ""),
        ('{"fee":1.5}', ""),
        ('{"fee":"1.5"}', ""),
        ('{"fee":"1e999"}', "fee"),
        ('{"flag":"true"}', ""),
        ('{"flag":true}', "flag"),
        ('{"flag":1}', "flag"),
        ('{"page":3}', ""),
        ('{"page":30}', "page"),
        ('{"page":"30"}', "page"),
        ('{"kind":2}', ""),
        ('{"kind":3}', "kind"),
        ('{"kind":"3"}', "kind"),
        ('{"kind":[2]}', "kind"),
    ],
)
def test_a_number_in_a_string_may_come_as_it_is(body: str, wrong: str) -> None:
    found = outcome(lambda: decode(body.encode(), Texts))
    assert [error.name for error in found] == [wrong] if wrong else isinstance(found, Texts)


@pytest.mark.parametrize("body", [b'{"leaf":{"kind":"\xff"}}', b"\xff\xfe{\x00}\x00", b'{"a'])
@pytest.mark.parametrize("kind", [Tree, Texts])
def test_what_is_not_json_is_wrong(body: bytes, kind: Any) -> None:
    assert "is not JSON" in outcome(lambda: decode(body, kind))[0].reason


@pytest.mark.parametrize("count", [1, 40, 99, 100, 101, 5_000])
def test_a_hundred_wrong_fields_are_told_with_their_whole_names(count: int) -> None:
    body = json.dumps({"leaf": {}, "maybe": {"leaf": {}, "named": {"k": {"kind": 1}}, "leaves": [{"age": 9}] * count}})
    errors = outcome(lambda: decode(body.encode(), Tree))
    names = [f"maybe.leaves[{index}].age" for index in range(min(count, 100))]
    assert [error.name for error in errors] == ([*names, "maybe.named.k.kind"] if count < 100 else names)


def test_objects_that_only_take_memory_are_refused() -> None:
    many = b'{"leaf":{},"leaves":[' + b",".join([b"{}"] * 200_000) + b"]}"
    assert "objects" in outcome(lambda: decode(many, Tree))[0].reason
    useful = b'{"leaf":{},"leaves":[' + b",".join([b'{"n":1}'] * 120_000) + b"]}"
    assert len(decode(useful, Tree).leaves) == 120_000


def test_json_in_a_form_has_a_limit() -> None:
    errors: list[FieldError] = []
    form = Reader("form", {"good": ["[1]"], "long": [f"[{'1,' * MAX_JSON}1]"]}, errors)
    assert form.json("good", list[int]) == [1]
    form.json("long", list[int])
    assert [(error.name, error.reason) for error in errors] == [("long", f"has more than {MAX_JSON} characters")]


def test_a_long_text_is_read_beside_the_loop() -> None:
    async def stops() -> float:
        longest = 0.0
        work = asyncio.ensure_future(offload(LARGE + 1, time.sleep, 0.5))
        while not work.done():
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before)
        return longest

    assert asyncio.run(stops()) < 0.4


def test_a_wrong_long_text_raises_as_a_short_one() -> None:
    with pytest.raises(ApiError):
        asyncio.run(offload(LARGE + 1, _refuse))


def _refuse() -> None:
    raise ApiError(400, "bad_request")


class Grid(Struct, kw_only=True):
    """Arrays of fixed length, as Go's `[2]float64`, at several depths."""

    at: Annotated[list[float], exactly(2)]
    rows: Annotated[list[Annotated[list[Int8], exactly(3)]], exactly(1)] = field(default_factory=lambda: [[0] * 3])
    many: "list[Grid]" = field(default_factory=list)
    text: Annotated[Int8, AsString()] = 0


class Short(Struct, kw_only=True):
    """An array of fixed length in a class that msgspec reads alone."""

    at: Annotated[list[float], exactly(2)]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ('{"at":[1,2]}', ""),
        ('{"at":[1]}', "at"),
        ('{"at":[1,2,3]}', "at"),
        ('{"at":[]}', "at"),
        ('{"at":[1,2],"rows":[[1,2,3]]}', ""),
        ('{"at":[1,2],"rows":[[1,2]]}', "rows[0]"),
        ('{"at":[1,2],"rows":[]}', "rows"),
        ('{"at":[1,2],"many":[{"at":[1,2]},{"at":[1]}]}', "many[1].at"),
    ],
)
def test_an_array_has_exactly_its_length(body: str, wrong: str) -> None:
    for kind in (Grid, Short) if "rows" not in body and "many" not in body else (Grid,):
        found = outcome(lambda kind=kind: decode(body.encode(), kind))
        assert [error.name for error in found] == [wrong] if wrong else isinstance(found, kind)


def test_an_answer_has_exactly_its_length() -> None:
    good = Grid(at=[1.0, 2.0], many=[Grid(at=[3.0, 4.0])])
    assert json.loads(encode_as(good, Grid))["many"][0]["at"] == [3.0, 4.0]
    assert encode_as(Short(at=[1.0, 2.0]), Short) == b'{"at":[1.0,2.0]}'
    bad = Grid(at=[1.0, 2.0], many=[Grid(at=[3.0])])
    with pytest.raises(WrongLength, match=r"^many\.at has 1 values, its type 2$"):
        encode_as([bad], list[Grid])


def test_the_zero_value_of_an_array() -> None:
    assert zero(Grid) == Grid(at=[0.0, 0.0], rows=[[0, 0, 0]])


@pytest.mark.parametrize(("texts", "count"), [(["1", "2"], 0), (["1"], 1), (["1", "2", "3"], 1), ([], 1)])
def test_an_array_in_a_form(texts: list[str], count: int) -> None:
    errors: list[FieldError] = []
    Reader("form", {"n": texts}, errors).int8_list("n", length=2)
    assert len(errors) == count


class Loose(Struct, kw_only=True):
    """A class whose fields may all be absent."""

    x: int = 3


class Nested(Struct, kw_only=True):
    """A class with structs that must be sent, and have nothing that must be sent."""

    loose: Loose
    deeper: Annotated[Leaf, NotNull()]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"{}", []),
        (b'{"deeper":{"n":1}}', []),
        (b'{"loose":null,"deeper":{}}', ["loose"]),
    ],
)
def test_an_absent_struct_is_made_of_its_defaults(body: bytes, wrong: list[str]) -> None:
    try:
        found = decode(body, Nested)
        assert (found.loose.x, found.deeper.ps) == (3, 20)
        names = []
    except Wrong as problem:
        names = [error.name for error in problem.errors]
    assert names == wrong
