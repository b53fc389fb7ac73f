"""`mallgen sync` byte by byte: what the contract decides follows, every other byte is the user's."""

import re
from pathlib import Path

import pytest

from mallgen.follow.source import UserFile
from tests.conftest import mallgen, tree

API = """syntax = "v1"

type Hello {
	Name string `form:"name"`
}

type Greeting {
	Text string `json:"text"`
}

service a-api {
	@handler Greet
	get /greet (Hello) returns (Greeting)
}
"""
LOGIC = "a_api/logic/greet_logic.py"
BODY = '''"""Ours."""
from   a_api.schemas   import Greeting,Hello   # 类型
from a_api.svc import ServiceContext
from mallgen_runtime import Context


class GreetLogic:
    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx, self.svc = ctx, svc

    async   def   greet( self,req:Hello )->Greeting : # 名
        x = '名' ;  return Greeting( text = req.name )'''


def made(root: Path, body: bytes, api: str = API) -> None:
    (root / "a.api").write_text(api)
    assert mallgen("api", "py", "-api", "a.api", "-dir", ".", "-q").code == 0
    (root / LOGIC).write_bytes(body)


def synced(root: Path, api: str) -> bytes:
    (root / "a.api").write_text(api)
    ran = mallgen("sync", "-dir", ".", "--apply")
    assert ran.code == 0, ran.err
    assert mallgen("check", "-dir", ".").code == 0
    return (root / LOGIC).read_bytes()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "mark"])
@pytest.mark.parametrize("end", [b"", b"\n"], ids=["no-final-newline", "newline"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_only_the_types_change(here: Path, mark: bytes, end: bytes, newline: bytes) -> None:
    before = mark + (BODY.encode() + end).replace(b"\n", newline)
    made(here, before)
    after = synced(here, API.replace("returns (Greeting)", "returns ([]Greeting)"))
    assert after == before.replace(b"->Greeting :", b"->list[Greeting] :")


def test_a_file_in_another_encoding(here: Path) -> None:
    before = b"# -*- coding: gbk -*-\n" + BODY.encode("gbk")
    made(here, before)
    after = synced(here, API.replace("returns (Greeting)", "returns ([]Greeting)"))
    assert after == before.replace(b"->Greeting :", b"->list[Greeting] :")


def test_a_renamed_type_and_a_preview_that_writes_nothing(here: Path) -> None:
    made(here, BODY.encode())
    (here / "a.api").write_text(API.replace("Greeting", "Answer"))
    before = tree(here)
    ran = mallgen("sync", "-dir", ".")
    assert (ran.code, tree(here)) == (0, before)
    assert "+from   a_api.schemas   import Answer, Answer as Greeting, Hello   # 类型" in ran.out
    after = synced(here, API.replace("Greeting", "Answer"))
    expected = BODY.replace("import Greeting,Hello ", "import Answer, Answer as Greeting, Hello ")
    assert after.decode() == expected.replace("->Greeting :", "->Answer :")


WAYS = {
    "module": ("from a_api import schemas", "schemas.Greeting", "schemas.Hello"),
    "module-as": ("import a_api.schemas as s", "s.Greeting", "s.Hello"),
    "quoted": ("from a_api.schemas import Greeting, Hello", '"Greeting"', '"Hello"'),
    "typing": ("import typing as t\nfrom a_api.schemas import Greeting as G, Hello", "t.List[G]", "t.Optional[Hello]"),
    "relative": ("from ..schemas import Greeting, Hello", "Greeting", "Hello"),
    "unannotated": ("", "", ""),
    "alias": ("from a_api.schemas import Greeting, Hello\nOut = Greeting", "Out", "Hello"),
    "own": ("from a_api.models import Mine", "Mine", "Mine"),
    "checking": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a_api.schemas import Greeting, Hello",
        "'Greeting'",
        "'Hello'",
    ),
}


def spelled(way: str) -> str:
    imports, returns, request = WAYS[way]
    request = f": {request}" if request else ""
    returns = f" -> {returns}" if returns else ""
    return (
        f"{imports}\n\n\nclass GreetLogic:\n    def __init__(self, ctx, svc):\n        pass\n\n"
        f"    async def greet(self, req{request}){returns}:\n        return 1\n"
    )


@pytest.mark.parametrize("way", [way for way in WAYS if way != "typing"])
def test_types_however_they_are_written(here: Path, way: str) -> None:
    made(here, spelled(way).encode())
    (here / "a_api" / "models.py").write_text("class Mine: ...\n")
    ran = mallgen("check", "-dir", ".")
    assert (ran.code, ran.err) == (0, "")
    if way in ("own", "unannotated"):
        return
    after = synced(here, API.replace("returns (Greeting)", "returns ([]Greeting)")).decode()
    returns = WAYS[way][1]
    found = re.search(r"-> (.*):", after)
    quote = returns[0] if returns[0] in "'\"" else ""
    name = "Greeting" if way == "alias" else returns.strip(quote or " ")
    assert found is not None
    assert found[1] == f"{quote}list[{name}]{quote}"
    assert after.replace(found[0], f"-> {returns}:") == spelled(way)


def test_a_list_however_it_is_written(here: Path) -> None:
    api = API.replace("returns (Greeting)", "returns ([]*Greeting)")
    made(here, spelled("typing").encode().replace(b"t.Optional[Hello]", b"Hello"), api)
    assert mallgen("check", "-dir", ".").code == 0


def test_a_request_that_comes_into_a_long_line(here: Path) -> None:
    body = (
        "class GreetLogic:\n    async def greet(self) -> int:  # one\n        return 1\n\n"
        "    async def other(self) -> None: ...\n"
    )
    made(here, body.encode(), API.replace(" (Hello)", "").replace("returns (Greeting)", "returns (int)"))
    assert mallgen("check", "-dir", ".").code == 0
    after = synced(here, API.replace("returns (Greeting)", "returns (int)"))
    assert (
        after.decode() == f"from a_api.schemas import Hello\n{body.replace('greet(self)', 'greet(self, req: Hello)')}"
    )


@pytest.mark.parametrize(
    "header",
    [
        "async def greet(self, req: Hello, more: int = 1) -> Greeting:",
        "async def greet(self, req: Hello, *more: int, **rest: int) -> Greeting:",
        "async def greet(self, *args: Hello) -> Greeting:",
        "@staticmethod\n    async def greet(req: Hello) -> Greeting:",
        "async def greet(\n        self,\n        req: Hello,  # why\n    ) -> Greeting:",
    ],
)
def test_what_can_be_called_fits(here: Path, header: str) -> None:
    made(
        here, f"from a_api.schemas import Greeting, Hello\n\n\nclass GreetLogic:\n    {header}\n        ...\n".encode()
    )
    ran = mallgen("check", "-dir", ".")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("data", [b"x = (", b"\x00", b"\xff\xfe", b"# coding: nonsense\n", b"x" * 10 + b"(" * 500])
def test_what_is_not_python_is_left(here: Path, data: bytes) -> None:
    made(here, data)
    (here / "a.api").write_text(API.replace("returns (Greeting)", "returns ([]Greeting)"))
    ran = mallgen("sync", "-dir", ".", "--apply")
    assert ran.code == 1
    assert "error[user-syntax-error]" in ran.err
    assert (here / LOGIC).read_bytes() == data


def test_places_are_those_of_the_characters() -> None:
    file = UserFile("a/b.py", "x = '名'; y = 1\r\nz = 2\r\n".encode())
    assert file.span(file.tree.body[1], "b.py")[1:3] == (1, 10)
    assert file.span(file.tree.body[2], "b.py")[1:] == (2, 1, 2, 6)
