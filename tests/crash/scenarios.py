"""The runs that are interrupted: a folder before, and the command that changes it."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

SYNC = ("sync", "--apply", "-dir", "out", "-q")
PRUNE = ("prune", "-dir", "out", "-q")
GENERATE = ("api", "py", "-api", "shop.api", "-dir", "out", "-q")
_GROUP = """@server (
	group: {folder}
	jwt: Auth
	middleware: Trace, Audit
)
service shop-api {{
{routes}
}}
"""
_ROUTE = "\t@handler {handler}\n\tpost /{group}/{name}/:id (Req) returns ({answer})"


def contract(
    groups: tuple[str, ...],
    routes: tuple[str, ...],
    field: str,
    answer: str = "Resp",
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return a contract with every route in every group; `renamed` has new names of groups and handlers."""
    lines = ['syntax = "v1"', "type Req {", '\tId int64 `path:"id"`', f'\t{field} string `json:"name"`', "}"]
    lines += [f"type {answer} {{", '\tTotal int64 `json:"total"`', "}"]
    for group in groups:
        handlers = {name: f"{name}{group}" for name in routes}
        body = "\n".join(
            _ROUTE.format(handler=renamed.get(handler, handler), group=group, name=name, answer=answer)
            for name, handler in handlers.items()
        )
        lines.append(_GROUP.format(folder=renamed.get(group, group), routes=body))
    return "\n".join(lines)


OLD = contract(("user", "order", "item"), ("Get", "Put", "Drop", "List"), "Name")
NEW = contract(("user", "order", "cart", "item"), ("Get", "Put", "Drop", "List", "Move"), "Title")
FOLLOWED = contract(
    ("user", "order", "cart", "item"),
    ("Get", "Put", "Drop", "List"),
    "Name",
    "Answer",
    {"order": "purchase", "Dropuser": "Removeuser"},
)
FEWER = contract(("user", "item"), ("Get", "Put"), "Name")
MINE = {
    "out/shop_api/logic/user/get_user_logic.py": b"# mine, with a carriage return\r\n\xff",
    "out/shop_api/handler/order/notes.txt": b"mine",
    "out/README": b"mine too",
}
EDITED = {"out/shop_api/schemas.py": b"# edited by hand\n", "out/shop_api/logic/__init__.py": b""}


MARK = b"# mine"
BODY = "        return Resp(total=req.id)\r\n        # mine\n"
NOTES = {"out/shop_api/handler/order/notes.txt": b"mine", "out/README": b"mine too"}


class Scenario(NamedTuple):
    """A command `run` in a folder that `prepare` fills.

    `mine` are files that no run may change; `moved` are user files that it moves, as pairs of old and new path.
    """

    name: str
    prepare: Callable[[Path, Callable[..., int]], None]
    run: tuple[str, ...]
    mine: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()


def _first(here: Path, mallgen: Callable[..., int]) -> None:
    (here / "shop.api").write_text(OLD)


def _first_beside(here: Path, mallgen: Callable[..., int]) -> None:
    """Prepare a first generation into a folder that already has files of the user's."""
    _first(here, mallgen)
    (here / "out" / "etc").mkdir(parents=True)
    (here / "out" / "README").write_bytes(MINE["out/README"])
    (here / "out" / "etc" / "other.yaml").write_bytes(b"Mine: true\n")


def _again(here: Path, mallgen: Callable[..., int]) -> None:
    """Generate, let the user write files and edit generated ones, then change the contract."""
    _first(here, mallgen)
    assert mallgen(here, *GENERATE) == 0
    for name, content in (MINE | EDITED).items():
        (here / name).write_bytes(content)
    (here / "shop.api").write_text(NEW)


def _written(here: Path, mallgen: Callable[..., int], later: str, notes: Mapping[str, bytes]) -> None:
    """Generate, write every second body, then change the contract to `later`."""
    _first(here, mallgen)
    assert mallgen(here, *GENERATE) == 0
    for number, path in enumerate(sorted(here.glob("out/shop_api/logic/*/*_logic.py"))):
        if number % 2 == 0:
            text = path.read_text()
            stub = next(line for line in text.splitlines(keepends=True) if "NotImplementedError" in line)
            path.write_bytes(text.replace(stub, BODY).encode())
    for name, content in notes.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(content)
    (here / "shop.api").write_text(later)


def _drifted(here: Path, mallgen: Callable[..., int]) -> None:
    """Change the contract after a generation: a type, a handler and a group have other names, and one group is new."""
    _written(here, mallgen, FOLLOWED, NOTES)


def _orphaned(here: Path, mallgen: Callable[..., int]) -> None:
    """Remove a group and half of the routes, run mallgen, and leave byte code and an empty folder."""
    notes = {"out/README": b"mine too", "out/shop_api/logic/item/own.py": b"MINE = 1\n"}
    _written(here, mallgen, FEWER, notes)
    assert mallgen(here, *GENERATE) == 0
    for path in here.glob("out/shop_api/*/order"):
        (path / "__pycache__").mkdir()
        for module in list(path.glob("*.py")):
            (path / "__pycache__" / f"{module.stem}.cpython-311.pyc").write_bytes(b"compiled")
    (here / "out" / "shop_api" / "logic" / "empty").mkdir()


_MOVED = tuple(
    (f"out/shop_api/{layer}/{old}_{layer}.py", f"out/shop_api/{layer}/{new}_{layer}.py")
    for layer in ("handler", "logic")
    for old, new in [
        ("user/dropuser", "user/removeuser"),
        *((f"order/{name}order", f"purchase/{name}order") for name in ("get", "put", "drop", "list")),
    ]
)
SCENARIOS = (
    Scenario("first generation", _first, GENERATE),
    Scenario("first generation beside the user's work", _first_beside, GENERATE, ("out/README", "out/etc/other.yaml")),
    Scenario("regeneration with edited files", _again, GENERATE, tuple(MINE)),
    Scenario("sync of bodies to renamed types, handlers and groups", _drifted, SYNC, tuple(NOTES), _MOVED),
    Scenario("prune of what nobody edited", _orphaned, PRUNE, ("out/README", "out/shop_api/logic/item/own.py")),
    Scenario("prune with force", _orphaned, (*PRUNE, "--force"), ("out/README", "out/shop_api/logic/item/own.py")),
)


def copy(source: Path, target: Path) -> None:
    """Replace `target` by a fresh copy of a prepared folder."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
