"""The time for reading a peer's input grows linearly and holds the event loop for less than 100 ms.

Beyond 32 KiB a text is read in a thread (offload.py), so that only shorter texts count for the loop.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import pytest

from mallgen_runtime.http import jwt
from mallgen_runtime.http.conf import RestConf
from mallgen_runtime.http.forms import parse_query
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.offload import LARGE
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.readers import MAX_JSON, Reader
from mallgen_runtime.http.uploads import UploadLimits, receive_form
from mallgen_runtime.process.conf import read_config
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.rpc.h2.frames import ConnectionFault
from mallgen_runtime.rpc.h2.hpack import Decoder
from mallgen_runtime.rpc.h2.limits import Limits
from mallgen_runtime.schema import AsString, Int64, Limit, NotNull, Options, Range, Struct, UInt64, With, field
from mallgen_runtime.schema.decoding import Wrong, decode
from mallgen_runtime.schema.errors import FieldError
from tests.cli.test_linear import grows_evenly, seconds

pytestmark = pytest.mark.slow

STOP = 0.1
HEAD = 64 << 10  # the largest head of a request, in bytes
SECRET = "0123456789abcdef0123456789abcdef"


class Item(Struct, kw_only=True):
    """A class with the three checks that are most frequent: integers, options, unsigned."""

    id: Int64
    kind: Annotated[str, Options("a", "b")]
    n: UInt64


class Text(Struct, kw_only=True):
    """A number in a string."""

    n: Annotated[Int64, AsString()]


class Tree(Struct, kw_only=True):
    """A class that contains itself."""

    a: Annotated[Int64, Limit(0, 9)] = 0
    b: Annotated[int, Range(0, 5)] = 0
    items: "list[Tree]" = field(default_factory=list)


class Pair(Struct, kw_only=True):
    """Two fields that must be given together."""

    a: Annotated[str, With("b")] = ""
    b: str = ""


class Whole(Struct, kw_only=True):
    """One field of each kind."""

    items: list[Item] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    numbers: list[UInt64] = field(default_factory=list)
    words: Annotated[list[str], Options("a", "b")] = field(default_factory=list)
    by_name: dict[str, UInt64] = field(default_factory=dict)
    some: Annotated[Tree | None, NotNull()] = field(default_factory=Tree)
    any: Any = None


class Plain(Struct, kw_only=True):
    """A class without markers."""

    items: list["Plain"] = field(default_factory=list)
    n: int = 0
    words: list[str] = field(default_factory=list)
    any: Any = None


def _list(key: str, one: str, last: str = "") -> Callable[[int], str]:
    return lambda n: f'{{"{key}":[{",".join([one] * n + [last or one])}]}}'


JSON: dict[str, tuple[Any, Callable[[int], str]]] = {
    "items": (Whole, _list("items", '{"id":1,"kind":"a","n":1}')),
    "items, one wrong": (Whole, _list("items", '{"id":1,"kind":"a","n":1}', '{"id":""}')),
    "items, all wrong": (Whole, _list("items", '{"id":"","kind":5}')),
    "texts": (Whole, _list("texts", '{"n":"1"}')),
    "small trees": (Whole, _list("trees", '{"a":1}')),
    "empty trees": (Whole, _list("trees", "{}")),
    "trees with null": (Whole, _list("trees", '{"a":null}')),
    "small pairs": (Whole, _list("pairs", '{"c":1}')),
    "numbers": (Whole, _list("numbers", "1")),
    "numbers, one wrong": (Whole, _list("numbers", "1", "-1")),
    "options, one wrong": (Whole, _list("words", '"a"', '"c"')),
    "plain, one wrong": (Plain, _list("items", '{"n":1}', '{"n":""}')),
    "lists": (Plain, _list("any", "[]")),
    "nested": (Whole, lambda n: '{"trees":' + '[{"items":' * n),
    "nested, wrong at the end": (Plain, lambda n: '{"items":[' * 150 + ",".join(["1"] * n) + "]}" * 150),
    "equal keys": (Whole, lambda n: "{" + ",".join(['"numbers":[]'] * n) + "}"),
    "many keys": (Whole, lambda n: "{" + ",".join(f'"k{i}":0' for i in range(n)) + "}"),
    "keys of a map": (Whole, lambda n: '{"by_name":{' + ",".join(f'"k{i}":-1' for i in range(n)) + "}}"),
    "a long key": (Whole, lambda n: '{"by_name":{"' + "k" * n + '":[]}}'),
    "digits": (Whole, lambda n: '{"numbers":[' + "9" * n + "]}"),
    "long numbers": (Plain, _list("any", "9" * 4000)),
    "escapes": (Plain, lambda n: '{"words":["' + "\\u0041" * n + '"]}'),
    "spaces": (Plain, lambda n: "{" + " " * n + "}"),
    "quotes": (Plain, lambda n: '"\\' * n),
}


def read_json(kind: Any, text: str) -> None:
    with suppress(Wrong):
        decode(text.encode(), kind)


@pytest.mark.parametrize("worst", JSON)
def test_json(worst: str) -> None:
    kind, make = JSON[worst]
    grows_evenly(lambda text: read_json(kind, text), make, 400_000)


@pytest.mark.parametrize("worst", JSON)
def test_json_that_is_read_in_the_loop(worst: str) -> None:
    kind, make = JSON[worst]
    count = LARGE // max(1, len(make(101)) - len(make(100)))
    text = make(count)[:LARGE] if worst in ("nested", "quotes") else make(max(1, count - 2))
    assert seconds(lambda given: read_json(kind, given), text) < STOP


FORMS: dict[str, Callable[[int], str]] = {
    "escapes": lambda n: "a=" + "%41" * n,
    "spaces": lambda n: "a=" + "+" * n,
    "values": lambda n: "&".join(["a=1"] * n),
    "empty values": lambda n: "&" * n,
    "equal signs": lambda n: "=" * n,
    "a wrong escape at the end": lambda n: "a=" + "%41" * n + "%",
    "semicolons": lambda n: ";" * n,
}


def read_form(text: str) -> None:
    with suppress(ApiError):
        Reader("form", parse_query(text), []).int64_list("a", [])


@pytest.mark.parametrize("worst", FORMS)
def test_forms(worst: str) -> None:
    grows_evenly(read_form, FORMS[worst], 400_000)
    assert seconds(read_form, FORMS[worst](HEAD)[:HEAD]) < STOP


def test_json_in_a_form() -> None:
    text = ",".join(['{"a":1}'] * (MAX_JSON // 8 - 2))
    errors: list[FieldError] = []

    def read(given: str) -> None:
        Reader("form", {"x": [given]}, errors).json("x", list[Plain])

    assert seconds(read, f"[{text}]") < STOP


_PART = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
MULTIPART: dict[str, Callable[[int], str]] = {
    "line ends": lambda n: _PART + "\r\n" * n + "\r\n--b--\r\n",
    "dashes": lambda n: _PART + "\r\n--" * n + "\r\n--b--\r\n",
    "parts": lambda n: f"{_PART}x\r\n" * n + "--b--\r\n",
    "long parts": lambda n: f"{_PART}{'x' * 400}\r\n" * n + "--b--\r\n",
    "headers": lambda n: "--b\r\n" + "a:b\r\n" * n + "\r\nx\r\n--b--\r\n",
    "a long header": lambda n: "--b\r\nContent-Disposition: form-data; name=" + "a" * n + "\r\n\r\nx\r\n--b--\r\n",
    "nothing": lambda n: "x" * n,
}


def read_multipart(text: str) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield text.encode()

    with suppress(ApiError):
        asyncio.run(receive_form(body(), "multipart/form-data; boundary=b", UploadLimits()))


@pytest.mark.parametrize("worst", MULTIPART)
def test_multipart(worst: str) -> None:
    grows_evenly(read_multipart, MULTIPART[worst], 400_000)
    assert seconds(read_multipart, MULTIPART[worst](LARGE)[:LARGE]) < STOP


def context(headers: list[tuple[bytes, bytes]]) -> Context:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    return Context({"method": "GET", "path": "/", "headers": headers, "query_string": b""}, receive, {}, 1 << 20)


def read_headers(text: str) -> None:
    found = [(line.encode(), b"1") for line in text.split("\n")]
    context(found).header.int64_list("a", [])


@pytest.mark.parametrize("make", [lambda n: "a\n" * n, lambda n: "\n".join(f"a{i}" for i in range(n))])
def test_headers(make: Callable[[int], str]) -> None:
    grows_evenly(read_headers, make, HEAD // 2)
    assert seconds(read_headers, make(HEAD // 8)) < STOP


TOKENS: dict[str, Callable[[int], str]] = {
    "dots": lambda n: "." * n,
    "letters": lambda n: "a" * n,
    "three parts": lambda n: ".".join(["a" * n] * 3),
    "signed claims": lambda n: jwt.sign({f"k{i}": i for i in range(n)}, SECRET),
    "signed lists": lambda n: jwt.sign({"a": json.loads("[" * (n % 900) + "]" * (n % 900) or "0")}, SECRET),
}


def read_token(text: str) -> None:
    with suppress(ApiError):
        jwt.check(context([(b"authorization", text.encode())]), (SECRET, SECRET))


@pytest.mark.parametrize("worst", TOKENS)
def test_tokens(worst: str) -> None:
    grows_evenly(read_token, TOKENS[worst], HEAD)


LETTERS = "\x18\xc6\x31\x8c\x63" * 25  # two hundred times `a`, as Huffman codes it
HEADS: dict[str, Callable[[int], str]] = {
    "known fields": lambda n: "\x82" * n,
    "fields that a table keeps": lambda n: "\x40\x01a\x01b" * n,
    "fields that push others out": lambda n: ("\x40\x01a\x7e" + "x" * 126) * n,
    "fields of a table": lambda n: "\x40\x01a\x01b" + "\xbe" * n,
    "fields that no table keeps": lambda n: "\x00\x01a\x01b" * n,
    "names that HTTP forbids": lambda n: "\x00\x01A\x01\n" * n,
    "Huffman codes": lambda n: ("\x00\x01a\xfd" + LETTERS) * n,
    "table sizes": lambda n: "\x20" * n,
    "numbers that never end": lambda n: "\xff" + "\x80" * n,
}


def unpack(text: str, most: Limits) -> None:
    with suppress(ConnectionFault):
        Decoder(most.head_bytes, most.head_fields).decode(text.encode("latin-1"))


@pytest.mark.parametrize("worst", HEADS)
def test_heads_of_calls(worst: str) -> None:
    make, limits = HEADS[worst], Limits()
    endless = limits._replace(head_bytes=1 << 40, head_fields=1 << 40)
    grows_evenly(lambda text: unpack(text, endless), make, 400_000)
    block = make(limits.block_bytes // max(1, len(make(101)) - len(make(100))))
    assert seconds(lambda text: unpack(text, limits), block) < STOP


SETTINGS: dict[str, Callable[[int], str]] = {
    "keys": lambda n: "Name: a\nPort: 1\n" + "".join(f"K{i}: 1\n" for i in range(n)),
    "variables": lambda n: "Port: 1\nName: " + "${HOME}" * n + "\n",
    "open variables": lambda n: "Port: 1\nName: " + "${" * n + "\n",
    "comments": lambda n: "Name: a\nPort: 1\n" + "# a\n" * n,
    "lists": lambda n: "Name: a\nPort: 1\nX:\n" + "- 1\n" * n,
}


@pytest.mark.parametrize("worst", SETTINGS)
def test_settings(here: Path, worst: str) -> None:
    path = here / "a.yaml"

    def read(text: str) -> None:
        path.write_text(text)
        with suppress(ConfigError):
            read_config(RestConf, str(path))

    grows_evenly(read, SETTINGS[worst], 40_000)
