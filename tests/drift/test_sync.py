"""`mallgen sync` byte by byte: it changes what the contract decides, and no other byte."""

import re
from pathlib import Path

import pytest

from mallgen.drift.user_file import UserFile
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


def test_a_type_of_the_standard_library_is_no_type_of_the_users(here: Path) -> None:
    imports = "from collections.abc import AsyncIterator\nfrom collections import OrderedDict\n"
    for returns in ("AsyncIterator[Hello]", "OrderedDict"):
        method = f"    async def greet(self, req: Hello) -> {returns}: ...\n"
        made(here, f"{imports}{START}{TYPES}{CLASS}{method}".encode())
        ran = mallgen("check", "-dir", ".", "--format", "concise")
        assert f"the result is `{returns}`, the contract says `Greeting`" in ran.out


START = "from mallgen_runtime import Context\nfrom a_api.svc import ServiceContext\n"
CLASS = "\n\nclass GreetLogic:\n    def __init__(self, ctx: Context, svc: ServiceContext) -> None: ...\n\n"
TYPES = "from a_api.schemas import Greeting, Hello\n"
RIGHT = {
    "star": f"{START}from a_api.schemas import *{CLASS}    async def greet(self, req: Hello) -> Greeting: ...\n",
    "assigned": f"{START}{TYPES}{CLASS}    async def _greet(self, req: Hello) -> Greeting: ...\n\n    greet = _greet\n",
    "awaitable": f"from collections.abc import Awaitable\n{START}{TYPES}{CLASS}"
    "    def greet(self, req: Hello) -> Awaitable[Greeting]: ...\n",
    "coroutine": f"import typing as t\n{START}{TYPES}{CLASS}"
    "    def greet(self, req: Hello) -> t.Coroutine[t.Any, t.Any, Greeting]: ...\n",
    "subclass": f"{START}{TYPES}\n\nclass Mine(Greeting): ...\n{CLASS}"
    "    async def greet(self, req: Hello) -> Mine: ...\n",
    "inherited": f"{START}{TYPES}\n\nclass Base:\n    async def greet(self, req: Hello) -> Greeting: ...\n\n\n"
    "class GreetLogic(Base): ...\n",
    "nested": f"{START}{TYPES}{CLASS}    async def greet(self, req: Hello) -> Greeting:\n"
    "        def title(req: str) -> str:\n            return req.title()\n\n"
    "        return Greeting(text=title(req.name))\n",
    "rebound": f"{START}{TYPES}{CLASS}    async def greet(self, req: Hello) -> Greeting:\n"
    "        req = dict(req)\n        return Greeting(text=req.anything)\n",
    "another-request": f"{START}{TYPES}{CLASS}    async def greet(self, asked: Hello, /) -> Greeting:\n"
    "        return Greeting(text=asked.name, **{})\n",
}


@pytest.mark.parametrize("way", RIGHT)
def test_what_is_right_is_not_told(here: Path, way: str) -> None:
    made(here, RIGHT[way].encode())
    ran = mallgen("check", "-dir", ".")
    assert (ran.code, ran.err) == (0, "")


def test_a_renamed_type_that_came_by_star(here: Path) -> None:
    made(here, RIGHT["star"].replace("...", "return Greeting(text=req.name)").encode())
    (here / "a.api").write_text(API.replace("Greeting", "Answer"))
    ran = mallgen("check", "-dir", ".", "--format", "concise")
    assert "there is no `a_api.schemas.Greeting` any more, it is `a_api.schemas.Answer` now" in ran.out


def test_a_hint_never_overwrites_a_file_of_the_users(here: Path) -> None:
    made(here, BODY.encode())
    (here / "a_api/logic/welcome_logic.py").write_text("# mine")
    (here / "a.api").write_text(API.replace("@handler Greet", "@handler Welcome"))
    ran = mallgen("sync", "-dir", ".", "--apply")
    assert "that has a file of yours" in ran.err
    assert "mv " not in ran.err
    assert (here / LOGIC).read_text() == BODY
    assert (here / "a_api/logic/welcome_logic.py").read_text() == "# mine"


LAYOUTS = {
    "backslash": (
        "from a_api.schemas import Greeting, \\\n    Hello",
        "from a_api.schemas import Answer, \\\n    Hello, Answer as Greeting",
    ),
    "comments": (
        "from a_api.schemas import (\n    Greeting,  # one\n    # two\n    Hello,  # three\n)",
        "from a_api.schemas import (\n    Answer,  # one\n    # two\n    Hello,\n    Answer as Greeting,  # three\n)",
    ),
    "line": (
        "import os; from a_api.schemas import Greeting, Hello; import re",
        "import os; from a_api.schemas import Answer, Answer as Greeting, Hello; import re",
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_imports_in_any_layout(here: Path, layout: str) -> None:
    before, after = LAYOUTS[layout]
    method = "    async def greet(self, req: Hello) -> Greeting:\n        return Greeting(text='x')\n"
    body = f"{before}\n{START}{CLASS}{method}"
    made(here, body.encode())
    found = synced(here, API.replace("Greeting", "Answer")).decode()
    assert found == body.replace(before, after).replace("-> Greeting:", "-> Answer:")


def test_a_module_that_a_new_annotation_needs_stays(here: Path) -> None:
    body = (
        f"{START}from a_api import schemas\nfrom a_api.schemas import Hello\n{CLASS}"
        "    async def greet(self, req: Hello) -> schemas.Greeting:\n        return 1\n"
    )
    made(here, body.encode())
    found = synced(here, API.replace("Greeting", "Answer").replace("Hello", "Ask")).decode()
    assert "from a_api import schemas\n" in found
    assert "async def greet(self, req: schemas.Ask) -> schemas.Answer:" in found


def test_comments_stay_where_a_request_goes(here: Path) -> None:
    head = "    async def greet(\n        self,  # me\n        req: Hello,  # why\n    ) -> Greeting:\n        ...\n"
    made(here, f"{START}{TYPES}{CLASS}{head}".encode())
    found = synced(here, API.replace("(Hello) ", "")).decode()
    assert found.endswith(head.replace("req: Hello,  # why", "# why"))


def test_what_would_be_no_python_is_not_written(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(here, BODY.encode())
    monkeypatch.setattr("mallgen.drift.signatures.Match._in_local_names", lambda *words: ")")
    (here / "a.api").write_text(API.replace("returns (Greeting)", "returns ([]Greeting)"))
    ran = mallgen("sync", "-dir", ".", "--apply")
    assert (ran.code, (here / LOGIC).read_text()) == (1, BODY)
    assert "change these lines by hand" in ran.err


USES = """from a_api.logic.greet_logic import GreetLogic as G
from a_api.logic import greet_logic as gl
from .logic.greet_logic import GreetLogic
from .logic import greet_logic
from . import logic
print(G, GreetLogic, gl, greet_logic, logic)
"""


def test_modules_of_the_users_follow_files_that_move(here: Path) -> None:
    made(here, BODY.encode())
    (here / "a_api/uses.py").write_text(USES)
    (here / "a.api").write_text(API.replace("@handler Greet", "@handler Welcome"))
    ran = mallgen("sync", "-dir", ".", "--apply")
    assert ran.code == 0, ran.err
    assert (here / "a_api/uses.py").read_text() == """from a_api.logic.welcome_logic import WelcomeLogic as G
from a_api.logic import welcome_logic as gl
from .logic.welcome_logic import WelcomeLogic as GreetLogic
from .logic import welcome_logic as greet_logic
from . import logic
print(G, GreetLogic, gl, greet_logic, logic)
"""


def test_a_class_of_a_module_that_moves_is_told(here: Path) -> None:
    made(here, BODY.encode())
    (here / "a_api/uses.py").write_text("from a_api.logic import greet_logic\n\nprint(greet_logic.GreetLogic)\n")
    (here / "a.api").write_text(API.replace("@handler Greet", "@handler Welcome"))
    ran = mallgen("check", "-dir", ".", "--format", "concise")
    assert "uses.py:3:7: error[uses-vanished]" in ran.out
    assert "it is `a_api.logic.welcome_logic.WelcomeLogic` now" in ran.out
