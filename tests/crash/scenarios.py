"""The runs that are struck: a folder before, a command, and the folder after it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

GENERATE = ("api", "py", "-api", "shop.api", "-dir", "out", "-q")
_GROUP = """@server (
	group: {group}
	jwt: Auth
	middleware: Trace, Audit
)
service shop-api {{
{routes}
}}
"""
_ROUTE = "\t@handler {name}{group}\n\tpost /{group}/{name}/:id (Req) returns (Resp)"


def contract(groups: tuple[str, ...], routes: tuple[str, ...], field: str) -> str:
    """A contract with every route in every group."""
    lines = ['syntax = "v1"', "type Req {", '\tId int64 `path:"id"`', f'\t{field} string `json:"name"`', "}"]
    lines += ["type Resp {", '\tTotal int64 `json:"total"`', "}"]
    for group in groups:
        body = "\n".join(_ROUTE.format(group=group, name=name) for name in routes)
        lines.append(_GROUP.format(group=group, routes=body))
    return "\n".join(lines)


OLD = contract(("user", "order", "item"), ("Get", "Put", "Drop", "List"), "Name")
NEW = contract(("user", "order", "cart", "item"), ("Get", "Put", "Drop", "List", "Move"), "Title")
MINE = {
    "out/shop_api/logic/user/get_user_logic.py": b"# mine, with a carriage return\r\n\xff",
    "out/shop_api/handler/order/notes.txt": b"mine",
    "out/README": b"mine too",
}
EDITED = {"out/shop_api/schemas.py": b"# edited by hand\n", "out/shop_api/logic/__init__.py": b""}


class Scenario(NamedTuple):
    """`prepare` fills an empty folder; `run` is the command; `command` is what a user does next, in the same folder."""

    name: str
    prepare: Callable[[Path, Callable[..., int]], None]
    run: tuple[str, ...]


def _first(here: Path, mallgen: Callable[..., int]) -> None:
    (here / "shop.api").write_text(OLD)


def _first_beside(here: Path, mallgen: Callable[..., int]) -> None:
    """The folder is there and holds work of the user's."""
    _first(here, mallgen)
    (here / "out" / "etc").mkdir(parents=True)
    (here / "out" / "README").write_bytes(MINE["out/README"])
    (here / "out" / "etc" / "other.yaml").write_bytes(b"Mine: true\n")


def _again(here: Path, mallgen: Callable[..., int]) -> None:
    """Generated before; then the user wrote, edited generated files too, and the contract changed."""
    _first(here, mallgen)
    assert mallgen(here, *GENERATE) == 0
    for name, content in (MINE | EDITED).items():
        (here / name).write_bytes(content)
    (here / "shop.api").write_text(NEW)


SCENARIOS = (
    Scenario("first generation", _first, GENERATE),
    Scenario("first generation beside the user's work", _first_beside, GENERATE),
    Scenario("regeneration with edited files", _again, GENERATE),
)


def copy(source: Path, target: Path) -> None:
    """A fresh copy of a prepared folder."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
