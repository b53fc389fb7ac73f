"""Readers of mallgen.toml's spans, of settings, and of the log lines that `mallgen dev` shows."""

import time
from collections.abc import Callable

import pytest

from mallgen.dev.lines import BAD, GOOD, ODD, Shown, shown
from mallgen.drift.scalars import scalars
from mallgen.drift.unasked_blocks import left
from mallgen.proto.scan import package
from mallgen.text.toml_places import places

pytestmark = pytest.mark.slow

TOML = """# a = 1
[service.shop]
contract = "shop.api" # "x"
uses = [
  "cat", 'd#g',
]
["service"."a b"]
dir="x"
[other]
c = { contract = "c.proto", uses = ["x"] }
"""


def test_places_of_a_toml_file() -> None:
    found = places(TOML, "f")
    spots = {".".join(path): (span.line, span.col, span.end_col) for path, span in found.values.items()}
    assert spots["service.shop.contract"] == (3, 12, 22)
    assert spots["service.shop.uses.1"] == (5, 10, 15)
    assert spots["service.a b.dir"] == (8, 5, 8)
    assert spots["other.c.uses.0"] == (10, 37, 40)
    head = found.key("service", "shop", "nothing")
    assert head is not None and head.line == 2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("package pb;", "pb"),
        ("// package no;\noption go_package = 'package x;';\npackage a . b.c ;", "a.b.c"),
        ("message M { string package = 1; }", ""),
        ("message M { string package = 1; } package later;", "later"),
    ],
)
def test_the_package_of_a_proto(text: str, name: str) -> None:
    assert package(text) == name


def test_values_of_settings() -> None:
    text = "Name: a # c\nEtcd:\n  Hosts: [x]\n  Key: 'k#1'\nCat_RPC:\n  Etcd:\n    Key: \"z\"\nUrl: http://a#b\n"
    found = {name: scalar.value for name, scalar in scalars(text, "f").items() if scalar.value}
    wanted = {"name": "a", "etcd.hosts": "[x]", "etcd.key": "k#1", "catrpc.etcd.key": "z", "url": "http://a#b"}
    assert found == wanted


def test_lines_of_services_are_short() -> None:
    head = "2026-11-28T16:49:55.071+00:00\t"
    fields = "request_id=7\ttrace=8\tmethod=GET\tpath=/cat\troute=/cat\tstatus={0}\tduration=2.4ms"
    http = f"{head}info\t[HTTP] {{0}}\t{fields}"
    assert shown(http.format(200)) == Shown("GET /cat 200 2.4ms", GOOD)
    assert shown(http.format(404)) == Shown("GET /cat 404 2.4ms", ODD)
    assert shown(http.format(500)) == Shown("GET /cat 500 2.4ms request_id=7", BAD)
    assert shown(http.format(200).replace("/cat", "/healthz")) is None
    rpc = f"{head}info\t[RPC] OK\trequest_id=7\tmethod=/pb.dog/name\tcode=OK\tduration=0.1ms\tclient=x"
    assert shown(rpc) == Shown("/pb.dog/name OK 0.1ms", GOOD)
    assert shown(f"{head}error\tit broke\tkey=1\trequest_id=7") == Shown("it broke key=1 request_id=7", BAD)
    assert shown(f"{head}warn\tit is late\trequest_id=7") == Shown("it is late", ODD)
    assert shown('{"level":"info"}') == Shown('{"level":"info"}')


HOSTILE: list[tuple[str, Callable[[str], object], Callable[[int], str]]] = [
    ("toml", lambda text: places(text, "f"), lambda n: "[a]\nb = [" + '"x", ' * n + "]\n"),
    ("toml", lambda text: places(text, "f"), lambda n: "a.b = 1 # " + "x" * n),
    ("toml", lambda text: places(text, "f"), lambda n: "a = '" * n),
    ("settings", lambda text: scalars(text, "f"), lambda n: "a: b" + " " * n + "c#d"),
    ("settings", lambda text: scalars(text, "f"), lambda n: "A:\n  B: 1\n" * n),
    ("blocks", lambda text: list(left(text.encode(), (), b"")), lambda n: "ARPC:\n  Timeout: 1\n" * n),
    ("proto", package, lambda n: "package a" + ".b" * n),
    ("line", shown, lambda n: "2026-11-28T16:49:55Z\tinfo\t" + "a=b\t" * n),
]


@pytest.mark.parametrize(("read", "text"), [row[1:] for row in HOSTILE])
def test_the_cost_is_linear(read: Callable[[str], object], text: Callable[[int], str]) -> None:
    def cost(size: int) -> float:
        times = []
        for _ in range(3):
            begun = time.process_time()
            read(text(size))
            times.append(time.process_time() - begun)
        return min(times)

    assert cost(40_000) < max(10 * cost(10_000), 0.1)
