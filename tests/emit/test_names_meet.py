"""Every name that generated modules make or import, given to all that a contract names: none collides in one scope."""

import builtins
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mallgen.python import names
from tests.conftest import mallgen
from tests.mypy_cache import mypy_cache

pytestmark = pytest.mark.slow

_IMPORTED = (
    *(
        "Any Annotated Context ServiceContext BaseContext BaseConfig Config Response Route Struct Next Client App"
    ).split(),
    *(
        "TypeVar UNSET UnsetType ROUTES SERVICES JwtConf RestConf ServiceBase Limit Range Field Meta Choice Rule"
    ).split(),
    *(
        "RpcContext Service Unary ServerStream ClientStream TwoWayStream AsyncIterator RpcServerConf Stream Code"
    ).split(),
    *("Message RuntimeContext RuntimeStruct RuntimeResponse Runtime pb pb2 client server wiring app").split(),
)
_MADE = (
    *("ListLogic PingLogic GuardMiddleware list_handler ping_handler List Ping list list_ ListBody ListReq").split(),
    *("ctx svc req reqs form path header body self cls field literal schemas routes handler logic tuple next_").split(),
    *("int64x _List ListLogic_ RuntimeListLogic PingClient ListClient Main Server main run ThingClient Thing").split(),
)
_PYTHON = (*(name for name in dir(builtins) if name[0].isalpha()), "None", "True", "False", "Type", "Optional")
NAMES = tuple(dict.fromkeys((*_IMPORTED, *_MADE, *_PYTHON, *"class def import print annotations async await".split())))
GO = frozenset(  # goctl refuses them as names of types, and so does mallgen
    "break default func interface select case defer go map struct chan else goto package switch const fallthrough if"
    " range type continue for import return var".split()
)
BASE = frozenset(
    "bool byte complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16"
    " uint32 uint64 uintptr any".split()
)
TYPES = tuple(name for name in NAMES if name not in GO | BASE)


def check_names(folder: Path, types: bool = False) -> None:
    """Check that the generated code binds no name twice and uses no unbound one; with `types` also by mypy --strict."""
    run = [sys.executable, *"-m ruff check --isolated --ignore-noqa --select F402,F811,F821,F823,E9 .".split()]
    ruff = subprocess.run(run, cwd=folder, capture_output=True, text=True)
    assert ruff.returncode == 0, ruff.stdout[-3000:]
    if types:
        packages = sorted(path.parent.name for path in folder.glob("*/app.py"))
        words = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", mypy_cache(folder), *packages]
        mypy = subprocess.run(words, cwd=folder, capture_output=True, text=True)
        assert mypy.returncode == 0, mypy.stdout[-3000:]


def distinct(found: tuple[str, ...], become: Callable[[str], str]) -> list[str]:
    """Return one of those names that would become the same name in Python, which mallgen refuses."""
    kept: dict[str, str] = {}
    for name in found:
        kept.setdefault(become(name), name)
    return list(kept.values())


def python_name(name: str) -> str:
    """Return the Python name of a handler, a middleware, a field or an rpc."""
    return names.snake(names.handler_base(name).removesuffix("Middleware"))


def http(found: list[str]) -> str:
    """Return a contract in which every type is request and answer of a handler List, in a group of its own."""
    types = "".join(
        f'type {n} {{\n\tId int64 `form:"id,range=[1:9]"`\n\tN int64 `form:"n,default=5,limit=[1:50]"`\n'
        f'\tOf []int64 `json:"of,optional"`\n}}\n\n'
        f'type {n}Answer {{\n\tSubs []{n} `json:"subs,optional"`\n\tOne {n} `json:"one,omitempty"`\n}}\n\n'
        for n in found
    )
    groups = "".join(
        f"@server (\n\tgroup: g{i}\n\tprefix: /g{i}\n\tmiddleware: Guard\n\tjwt: Auth\n)\nservice reg-api {{\n"
        f"\t@handler List\n\tpost /list ({n}) returns ([]{n})\n\n"
        f"\t@handler Ping\n\tget /ping ({n}) returns ({n}Answer)\n}}\n\n"
        for i, n in enumerate(found)
    )
    return f'syntax = "v1"\n\n{types}{groups}'


@pytest.mark.parametrize("types", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["names", "types"])
def test_types_of_a_bff(types: bool, here: Path) -> None:
    (here / "t.api").write_text(http(distinct(TYPES, names.class_name)), encoding="utf-8")
    made = mallgen("api", "py", "-api", "t.api", "-dir", "out", "-q")
    assert made.code == 0, made.err
    check_names(here / "out", types)


def test_a_type_beside_one_handler(here: Path) -> None:
    """A handler that is alone with its type has a function without a group in its name."""
    for name in TYPES:
        text = f"""syntax = "v1"

type {name} {{
	Id int64 `form:"id"`
	In string `json:"in,optional"`
}}

@server (
	middleware: Guard
)
service reg-api {{
	@handler List
	post /list ({name}) returns ({name})
}}
"""
        (here / "t.api").write_text(text, encoding="utf-8")
        made = mallgen("api", "py", "-api", "t.api", "-dir", f"out/{name}", "-q")
        assert made.code == 0 or ("error[" in made.err and "rename" in made.err), made.err
    check_names(here / "out")


@pytest.mark.parametrize("types", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["names", "types"])
@pytest.mark.parametrize("what", ["handler", "field", "middleware"])
def test_other_names_of_a_bff(what: str, types: bool, here: Path) -> None:
    found = [n for n in distinct(NAMES, python_name) if not n.startswith("_") and n not in {"handler", "Handler"} | GO]
    fields = "".join(f'\t{n} string `json:"{n}" form:"{n},optional"`\n' for n in found) if what == "field" else ""
    handlers = found if what == "handler" else ["List"]
    guards = ", ".join(found) if what == "middleware" else "Guard"
    routes = "".join(f"\t@handler {n}\n\tpost /{i} (Ask) returns (Ask)\n\n" for i, n in enumerate(handlers))
    text = (
        f'syntax = "v1"\n\ntype Ask {{\n\tQuestion int64 `form:"question"`\n{fields}}}\n\n'
        f"@server (\n\tmiddleware: {guards}\n)\nservice reg-api {{\n{routes}}}\n"
    )
    (here / "t.api").write_text(text, encoding="utf-8")
    made = mallgen("api", "py", "-api", "t.api", "-dir", "out", "-q")
    assert made.code == 0, made.err
    check_names(here / "out", types)


PROTO = 'syntax = "proto3";\npackage shop;\n\n'


def rpc(what: str, found: list[str]) -> str:
    """Return a proto in which everything of the kind `what` has one of the names."""
    if what == "message":
        messages = "".join(f"message {n} {{ string id = 1; repeated .shop.{n} subs = 2; }}\n" for n in found)
        calls = "".join(
            f"  rpc Do{i}(.shop.{n}) returns (stream .shop.{n});\n  rpc On{i}(stream .shop.{n}) returns (.shop.{n});\n"
            for i, n in enumerate(found)
        )
        return f"{PROTO}{messages}service Thing {{\n{calls}  rpc Ping({found[0]}) returns ({found[0]});\n}}\n"
    ask = "message Ask { string id = 1; }\n"
    if what == "enum":
        enums = "".join(
            f"enum {n} {{ V{i}_ZERO = 0; }}\nmessage M{i} {{ .shop.{n} e = 1; }}\n" for i, n in enumerate(found)
        )
        return f"{PROTO}{ask}{enums}service Thing {{ rpc Ping(Ask) returns (M0); }}\n"
    if what == "rpc":
        return f"{PROTO}{ask}service Thing {{\n" + "".join(f"  rpc {n}(Ask) returns (Ask);\n" for n in found) + "}\n"
    return PROTO + ask + "".join(f"service {n} {{ rpc Ping(Ask) returns (Ask); }}\n" for n in found)


@pytest.mark.parametrize("types", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["names", "types"])
@pytest.mark.parametrize("what", ["message", "enum", "rpc", "service"])
def test_names_of_an_rpc_service(what: str, types: bool, here: Path) -> None:
    found = distinct(NAMES, python_name) if what in ("rpc", "service") else NAMES
    left = [name for name in dict.fromkeys(n.lstrip("_") for n in found) if name not in ("Ask", "Thing")]
    (here / "shop.proto").write_text(rpc(what, left), encoding="utf-8")
    made = mallgen("rpc", "protoc", "shop.proto", "--zrpc_out", "out", "-q")
    assert made.code == 0, made.err[-3000:]
    check_names(here / "out", types)
