"""The runtime's readers and JSON, without a service around them."""

from typing import Annotated, Any

import pytest

from mallgen_runtime import schema
from mallgen_runtime.http.forms import parse_query
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.readers import Reader
from mallgen_runtime.http.routing import BoundRoute, Route, RouteTable, clean
from mallgen_runtime.schema import (
    AsString,
    Float32,
    Int64,
    Limit,
    NotNull,
    Omitting,
    Options,
    Range,
    Struct,
    Together,
    UInt64,
    With,
    Without,
    always,
    field,
    omitempty,
    zero,
)
from mallgen_runtime.schema.decoding import Wrong, decode
from mallgen_runtime.schema.encoding import NotFinite, encode, encode_as
from mallgen_runtime.schema.errors import FieldError

INTEGERS = [("Int", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1, bits) for bits in (8, 16, 32, 64)] + [
    ("UInt", 0, 2**bits - 1, bits) for bits in (8, 16, 32, 64)
]


@pytest.mark.parametrize(("kind", "low", "high", "bits"), INTEGERS)
def test_every_integer_keeps_its_bounds(kind: str, low: int, high: int, bits: int) -> None:
    annotation: Any = getattr(schema, f"{kind}{bits}")
    for value in (low, high):
        assert decode(str(value).encode(), annotation) == value
        errors: list[FieldError] = []
        assert getattr(Reader("form", {"n": [str(value)]}, errors), f"{kind.lower()}{bits}")("n") == value
        assert errors == []
    for value in (low - 1, high + 1):
        with pytest.raises(Wrong):
            decode(str(value).encode(), annotation)
        errors = []
        getattr(Reader("form", {"n": [str(value)]}, errors), f"{kind.lower()}{bits}")("n")
        assert [error.name for error in errors] == ["n"]


class Inner(Struct, kw_only=True):
    city: str
    zip: str | None = None


class Everything(Struct, kw_only=True):
    name: str
    big: Annotated[UInt64, AsString()] = 7
    ratio: Float32 = 0.5
    ps: Annotated[Int64, Limit(1, 50)] = 20
    age: Annotated[Int64, Range(0, 150, open_high=True)] = 0
    kinds: Annotated[list[str], Options("a", "b")] = field(default_factory=list)
    home: Annotated[Inner | None, NotNull()]
    inner: list[Inner] = field(default_factory=list)
    by_id: dict[Int64, Inner] = field(default_factory=dict)
    raw: Any = None
    blob: bytes = b""
    flag: Annotated[bool, AsString()] = False


def errors_in(data: str, kind: Any = Everything) -> list[tuple[str, str]]:
    with pytest.raises(Wrong) as problem:
        decode(data.encode(), kind)
    return [(error.name, error.reason) for error in problem.value.errors]


def test_a_good_body() -> None:
    found = decode(
        b'{"name":"x","big":"18446744073709551615","ps":100,"kinds":["a"],"home":{"city":"c"},"by_id":{"5":{"city":"d"}},'
        b'"raw":[1,{"a":null}],"blob":"aGk=","flag":"TRUE","age":null,"unknown":1,"inner":[{"city":"e","zip":null}]}',
        Everything,
    )
    assert found == Everything(
        name="x",
        big=18446744073709551615,
        ps=20,
        kinds=["a"],
        home=Inner(city="c"),
        by_id={5: Inner(city="d")},
        raw=[1, {"a": None}],
        blob=b"hi",
        flag=True,
        inner=[Inner(city="e")],
    )


def test_every_wrong_field_of_a_body_is_told_with_its_path() -> None:
    assert errors_in(
        '{"name":5,"big":true,"ratio":1e39,"age":150,"kinds":["a","c"],"home":null,"by_id":{"x":{"city":1}},'
        '"blob":"?","flag":"maybe","inner":[{"city":"e"},{},5]}'
    ) == [
        ("name", "must be a string"),
        ("big", "must be a whole number, in a string or not"),
        ("ratio", "must be from -3.4028234663852886e+38 to 3.4028234663852886e+38"),
        ("age", "must be at least 0 and less than 150"),
        ("kinds[1]", "must be one of a, b"),
        ("home", "must not be null"),
        ("inner[1].city", "is required"),
        ("inner[2]", "must be an object"),
        ("by_id.x", "must be a whole number"),
        ("by_id.x.city", "must be a string"),
        ("blob", "must be base64"),
        ("flag", "must be true or false in a string"),
    ]


class Nested(Struct, kw_only=True):
    v: Annotated[Int64, Range(0, 5)] = 0
    next: "Nested | None" = None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ('{"next":' * 20_000 + "{}" + "}" * 20_000, Nested),
        ('{"ratio":' + "1" * 400 + "}", Everything),
        ('{"inner":[' + ",".join(['""'] * 5000) + "]}", Everything),
        ('{"name":1,"by_id":{"' + "k" * 100_000 + '":1}}', Everything),
    ],
)
def test_hostile_bodies_end_in_a_short_list(data: str, kind: Any) -> None:
    wrong = errors_in(data, kind)
    assert 1 <= len(wrong) <= 100
    assert all(len(name) <= 201 for name, _ in wrong)


class Dependent(Struct, kw_only=True):
    a: Annotated[str, With("b")] = ""
    b: str = ""
    c: Annotated[str, Without("b")] = ""
    page: Annotated[Int64, Together("Paging")] = 0
    size: Annotated[Int64, Together("Paging")] = 0


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ('{"a":"1","b":"2"}', []),
        ('{"c":"3"}', []),
        ('{"c":"3","page":1,"size":2}', []),
        ('{"a":"1","c":"3"}', ["a"]),
        ('{"a":"1","b":"2","c":"3"}', ["c"]),
        ('{"c":"3","page":1}', ["size"]),
    ],
)
def test_fields_that_depend_on_each_other(data: str, wrong: list[str]) -> None:
    if wrong:
        assert [name for name, _ in errors_in(data, Dependent)] == wrong
    else:
        decode(data.encode(), Dependent)


@pytest.mark.parametrize("data", ["", "{}", "  "])
def test_an_empty_body_is_an_empty_object(data: str) -> None:
    assert decode(data.encode(), Empty) == Empty()


class Empty(Struct, kw_only=True):
    """Empty has no fields."""


class Page(Omitting, kw_only=True):
    id: Annotated[Int64, AsString()]
    note: str = omitempty("")
    kept: str = ""
    many: list["Page"] = omitempty([])
    more: list[int] = field(default_factory=list)
    text: str = field(name="Text", default="t")
    left: int = omitempty(0, name="Left")
    made: Inner = field(default_factory=lambda: Inner(city="c"))


class AsBefore(Struct, kw_only=True, omit_defaults=True):
    """A class with the defaults as version 0.1.0 generated them."""

    note: str = ""
    kept: str = field(default_factory=always(""))


def test_numbers_as_text_and_what_is_left_out() -> None:
    value = Page(id=2**60, many=[Page(id=1, note="n", left=3)])
    kept = b'"kept":"","more":[],"Text":"t"'
    made = b'"made":{"city":"c","zip":null}'
    inner = b'{"id":"1","note":"n",' + kept + b',"Left":3,' + made + b"}"
    first, rest = kept.split(b",", 1)
    assert encode_as([value], list[Page]) == (
        b'[{"id":"1152921504606846976",' + first + b',"many":[' + inner + b"]," + rest + b"," + made + b"}]"
    )
    assert encode(Page(id=1)) == b'{"id":1,' + kept + b"," + made + b"}"
    assert encode(Inner(city="c")) == b'{"city":"c","zip":null}'
    assert encode(AsBefore()) == b'{"kept":""}'


def test_lists_that_are_left_out_are_not_shared() -> None:
    first = Page(id=1)
    first.many.append(first)
    first.more.append(1)
    assert (Page(id=2).many, Page(id=2).more) == ([], [])


def test_zero_is_gos_zero() -> None:
    assert zero(Everything) == Everything(name="", home=None)


def test_a_query_by_name() -> None:
    assert parse_query("a=1&b=%E4%B8%AD+x&a=2&c&=d&&") == {"a": ["1", "2"], "b": ["中 x"], "c": [""], "": ["d"]}
    for text in ("a=%zz", "a=1;b=2", "a=%e"):
        with pytest.raises(ApiError):
            parse_query(text)


def bound(method: str, path: str) -> BoundRoute:
    async def run(ctx: Any) -> Any:
        raise AssertionError

    return BoundRoute(Route(method, path, run), run, 0, 0, ())  # type: ignore[arg-type]


def test_the_table_prefers_fixed_segments_and_goes_back() -> None:
    paths = ["/a/:id", "/a/b", "/a/:id/c", "/a/b/:x/d", "/:any/b/e"]
    table = RouteTable([bound("GET", path) for path in paths] + [bound("POST", "/a/b")])

    def found(path: str, method: str = "GET") -> tuple[str, dict[str, str]] | None:
        match = table.find(method, path)
        return (match.bound.route.path, match.params) if match else None

    assert found("/a/b") == ("/a/b", {})
    assert found("/a/x") == ("/a/:id", {"id": "x"})
    assert found("/a/b/c") == ("/a/:id/c", {"id": "b"})
    assert found("/a/b/1/d") == ("/a/b/:x/d", {"x": "1"})
    assert found("/z/b/e") == ("/:any/b/e", {"any": "z"})
    assert found("/a//b/") == ("/a/b", {})
    assert found("/a/x", "POST") is None
    assert table.allowed("/a/b") == ["GET", "HEAD", "OPTIONS", "POST"]
    assert table.allowed("/q") == []


@pytest.mark.parametrize(
    ("path", "tidy"), [("/", "/"), ("", "/"), ("//a//b/", "/a/b"), ("/a/./b", "/a/b"), ("/a/../../b", "/b")]
)
def test_clean(path: str, tidy: str) -> None:
    assert clean(path) == tidy


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_does_not_have_is_never_null(number: float) -> None:
    class Inner(Struct):
        f: float = 0.0

    class Outer(Struct):
        n: int = 0
        some: str | None = None
        inner: list[Inner] = field(default_factory=list)

    with pytest.raises(NotFinite, match=r"inner\[1\]\.f = -?(nan|inf)"):
        encode(Outer(inner=[Inner(), Inner(number)]))
    assert encode(Outer()) == b'{"n":0,"some":null,"inner":[]}'
