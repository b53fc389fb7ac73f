"""Each word of `validate` tags: values that it lets pass, and values that it refuses; then structs as a whole."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import pytest

from mallgen_runtime import App, Context, FieldError, Response, RestConf, Route, ServiceBase, validates
from mallgen_runtime.schema import Int64, Struct, Validate, field
from mallgen_runtime.schema import validation as module
from mallgen_runtime.schema.errors import MAX_ERRORS
from mallgen_runtime.schema.rule_words import rule_of
from mallgen_runtime.schema.validation import wrong_fields
from mallgen_runtime.testing import Answer, Client

UUID = "0e37df36-f698-11e6-8dd4-cb9ced3df976"
CASES: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("required", str, ["a", " "], [""]),
    ("required", int, [1, -1], [0]),
    ("required", bool, [True], [False]),
    ("required", list, [[0]], [[]]),
    ("isdefault", int, [0], [1]),
    ("min=2", str, ["ab", "名字"], ["a", "名"]),
    ("max=2", list, [[], [1, 2]], [[1, 2, 3]]),
    ("len=2", dict, [{"a": 1, "b": 2}], [{}]),
    ("min=2", int, [2, 3], [1]),
    ("max=1.5", float, [1.5, -1.0], [1.6]),
    ("gt=0", int, [1], [0, -1]),
    ("gte=0", int, [0], [-1]),
    ("lt=3", str, ["ab"], ["abc"]),
    ("lte=3", str, ["abc"], ["abcd"]),
    ("eq=a", str, ["a"], ["b", ""]),
    ("ne=5", int, [4], [5]),
    ("eq=2", list, [[1, 2]], [[1]]),
    ("eq=true", bool, [True], [False]),
    ("oneof=red 'dark blue'", str, ["red", "dark blue"], ["dark", "blue", ""]),
    ("oneof='foo0x2Cbar' 'spam0x7Cegg'", str, ["foo,bar", "spam|egg"], ["foo"]),
    ("oneof=1 2", int, [1], [3, 12]),
    ("oneofci=Red", str, ["RED", "red"], ["blue"]),
    ("unique", list, [[1, 2], []], [[1, 1]]),
    ("contains=@", str, ["a@b"], ["ab"]),
    ("excludes=@", str, ["ab"], ["a@b"]),
    ("startswith=a", str, ["ab"], ["ba"]),
    ("endswith=a", str, ["ba"], ["ab"]),
    ("containsany=!?", str, ["a!"], ["a"]),
    ("excludesall=!?", str, ["a"], ["a?"]),
    ("alpha", str, ["aZ"], ["", "a1", "é"]),
    ("alphanum", str, ["a1"], ["a-1", ""]),
    ("alphaunicode", str, ["é名"], ["1", ""]),
    ("alphanumunicode", str, ["é1"], ["-", ""]),
    ("numeric", str, ["-1.5", "10"], ["1.", "a", "1e5"]),
    ("number", str, ["007"], ["-1", "1.5", ""]),
    ("number", int, [0, -5], []),
    ("hexadecimal", str, ["0xFf", "1a"], ["g"]),
    ("hexcolor", str, ["#fff", "#a0b1c2", "#a0b1c2d3"], ["fff", "#ff", "#fffff"]),
    ("boolean", str, ["true", "0"], ["yes"]),
    ("lowercase", str, ["ab1"], ["aB", ""]),
    ("uppercase", str, ["AB"], ["Ab", ""]),
    ("ascii", str, ["a\n"], ["é"]),
    ("printascii", str, ["a b"], ["a\n"]),
    (
        "email",
        str,
        ["a@b.co", "first.last+tag@sub.example.org", "用户@例子.广告"],
        ["a", "a@b", "a@b.1", "a@@b.co", ".a@b.co"],
    ),
    (
        "email",
        str,
        ["o'neil@example.com"],
        ["a b@c.de", "a@b..co", "a@-b.co", "a..b@c.de", f"{'a' * 330}@b.co", "@b.co"],
    ),
    (
        "url",
        str,
        ["http://a.b/c?d#e", "mailto:a@b.co", "file:///tmp", "ftp://x"],
        ["a.b", "http://", "/a", "http://a b", "http://a:x"],
    ),
    ("http_url", str, ["https://a.b"], ["ftp://a.b", "http:///x"]),
    ("uri", str, ["/a/b", "urn:x:y"], ["a/b", "/a b"]),
    ("hostname", str, ["a-b.c", "localhost"], ["a b", "-a", "a..b", ""]),
    ("fqdn", str, ["a.example.com", "a.b."], ["localhost", "1.2.3.4"]),
    ("ip", str, ["1.2.3.4", "::1"], ["1.2.3", "a"]),
    ("ipv4", str, ["1.2.3.4"], ["::1"]),
    ("ipv6", str, ["::1"], ["1.2.3.4"]),
    ("cidr", str, ["10.0.0.1/8", "::/0"], ["10.0.0.0", "10.0.0.0/33"]),
    ("mac", str, ["00:1A:2b:3c:4d:5e"], ["00:1A:2b", "00:1A-2b:3c:4d:5e"]),
    ("e164", str, ["+4930123456"], ["0049301", "+1"]),
    ("uuid", str, [UUID], [UUID.upper(), UUID[:-1], ""]),
    ("uuid4", str, ["0e37df36-f698-41e6-8dd4-cb9ced3df976"], [UUID]),
    ("uuid_rfc4122", str, [UUID.upper()], ["x"]),
    ("json", str, ['{"a":1}'], ["{", ""]),
    ("base64", str, ["YWI=", "YWJj"], ["YWI", "", "Y=I="]),
    ("md5", str, ["a" * 32], ["a" * 31, "A" * 32]),
    ("sha256", str, ["0" * 64], ["0"]),
    ("sha512", str, ["0" * 128], ["0"]),
    ("email|uuid", str, ["a@b.co", UUID], ["a"]),
]


@pytest.mark.parametrize(("text", "kind", "good", "bad"), CASES)
def test_words(text: str, kind: Any, good: list[Any], bad: list[Any]) -> None:
    rule = rule_of(text, kind)
    assert [value for value in good if not rule.holds(value)] == []
    assert [value for value in bad if rule.holds(value)] == []


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("required", str, "must not be empty"),
        ("required", int, "must not be 0"),
        ("len=1", list, "must have exactly 1 value"),
        ("len=6", int, "must be 6"),
        ("gt=0", float, "must be more than 0"),
        ("oneof=a b", str, "must be one of a, b"),
        ("email|uuid", str, "must be an e-mail address or a UUID in lower case"),
        ("ne=2", dict, "must not have 2 entries"),
    ],
)
def test_reasons(text: str, kind: Any, reason: str) -> None:
    assert rule_of(text, kind).reason == reason


class Leaf(Struct, kw_only=True):
    """A part of a request that mentions itself."""

    name: Annotated[str, Validate("required")] = "n"
    more: Annotated[list["Leaf"], Validate("dive")] = field(default_factory=list)
    other: "Leaf | None" = None


class Root(Struct, kw_only=True):
    """A request with rules at every depth."""

    size: Annotated[Int64, Validate("omitempty,gte=5", "form", "page_size")] = 0
    note: Annotated[str | None, Validate("required,min=2")] = "ab"
    maybe: Annotated[str | None, Validate("omitempty,min=2")] = None
    leaf: Leaf = field(default_factory=Leaf)
    names: Annotated[dict[str, list[str]], Validate("dive,keys,min=2,endkeys,max=2,dive,alpha")] = field(
        default_factory=dict
    )


class Plain(Struct, kw_only=True):
    """A request without rules."""

    a: int = 0


@pytest.fixture
def own_rules() -> Iterator[None]:
    yield
    module._OWN.clear()
    module._COMPILED.clear()


def test_structs() -> None:
    assert wrong_fields(Root()) == wrong_fields(Plain()) == []
    leaf = Leaf(more=[Leaf(), Leaf(name="", other=Leaf(name=""))])
    wrong = Root(size=4, note=None, maybe="a", leaf=leaf, names={"a": ["b", "1"], "cc": ["x", "y", "z"]})
    assert [(error.source, error.name) for error in wrong_fields(wrong)] == [
        ("form", "page_size"),
        ("json", "note"),
        ("json", "maybe"),
        ("json", "leaf.more[1].name"),
        ("json", "leaf.more[1].other.name"),
        ("json", "names.a"),
        ("json", "names.a[1]"),
        ("json", "names.cc"),
    ]
    assert len(wrong_fields(Root(names={"aa": ["1"] * 2} | {str(n) * 2: ["1"] for n in range(10, 500)}))) == MAX_ERRORS


def test_as_go_zero_the_first_wrong_field_is_told() -> None:
    async def check(ctx: Context, svc: object) -> Response:
        ctx.check(Leaf(more=[Leaf(name="")]))
        return Response(b"")

    async def talk() -> Answer:
        config = RestConf(name="t", port=0, compat="gozero")
        async with Client(App(config, ServiceBase(config), [Route("GET", "/check", check)])) as client:
            return await client.get("/check")

    answer = asyncio.run(talk())
    assert (answer.status, answer.body) == (400, b'field "more[0].name" must not be empty\n')


def test_rules_of_the_user(own_rules: None) -> None:
    @validates(Leaf)
    def leaf(self: Leaf) -> Iterable[FieldError]:
        if self.name == "bad":
            yield FieldError("json", "name", "must be good")

    @validates(Leaf)
    def forgets(self: Any) -> Any:
        """End without a `return`."""

    @validates(Plain)
    def plain(self: Plain) -> Iterable[FieldError]:
        return [FieldError("json", "", "is wrong as a whole")]

    found = wrong_fields(Root(size=1, leaf=Leaf(more=[Leaf(name="bad")])))
    assert [(error.name, error.reason) for error in found] == [
        ("page_size", "must be at least 5"),
        ("leaf.more[0].name", "must be good"),
    ]
    assert [error.reason for error in wrong_fields(Plain())] == ["is wrong as a whole"]
