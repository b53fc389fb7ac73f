"""After any change of a contract, sync leaves only what a human has to decide, and changes no byte of the user's."""

import contextlib
import importlib
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from tests.conftest import mallgen, tree, working_in

WORDS = ("Alpha", "Bravo", "Cargo", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliet", "Kilo", "Lima")
FIELDS = ("ID", "Name", "Title", "Count", "State", "Owner")
HUMAN = {"uses-vanished", "maybe-renamed", "orphan"}


class Route:
    """A route of the model; `number` never changes and is in the body that was written for it."""

    def __init__(self, number: int, handler: str, request: str, response: str) -> None:
        self.number = number
        self.handler, self.request, self.response = handler, request, response
        self.path, self.group, self.listed = f"/r{number}", "", False


class Model:
    """A contract that changes, with a supply of unused names."""

    def __init__(self) -> None:
        self.types: dict[str, list[str]] = {}
        self.routes: list[Route] = []
        self.jwt = self.middleware = False
        self.count = 0

    def fresh(self) -> str:
        """Return a name that was never used before."""
        self.count += 1
        return f"{WORDS[self.count % len(WORDS)]}{self.count}"

    def text(self) -> str:
        """Return the text of the contract."""
        lines = ['syntax = "v1"', ""]
        for name, fields in self.types.items():
            source = "form" if name.endswith("Request") else "json"
            lines += [f"type {name} {{", *(f'\t{f} string `{source}:"{f.lower()},optional"`' for f in fields), "}", ""]
        for group in sorted({route.group for route in self.routes}):
            server = [f"\tgroup: {group}"] if group else []
            server += ["\tjwt: Auth"] if self.jwt else []
            server += ["\tmiddleware: Watch"] if self.middleware else []
            lines += ["@server (", *server, ")"] if server else []
            lines += ["service a-api {"]
            for route in (route for route in self.routes if route.group == group):
                given_ = f" ({route.request})" if route.request else ""
                answer = f"[]{route.response}" if route.listed else route.response
                lines += [f"\t@handler {route.handler}", f"\tget {route.path}{given_} returns ({answer})", ""]
            lines += ["}", ""]
        return "\n".join(lines)

    def add(self) -> None:
        """Add a route with types of its own."""
        base = self.fresh()
        self.types[f"{base}Request"] = list(FIELDS[: 2 + self.count % 3])
        self.types[f"{base}Answer"] = list(FIELDS[self.count % 3 :])
        self.routes.append(Route(self.count, base, f"{base}Request", f"{base}Answer"))

    def change(self, what: str, which: int) -> None:
        """Make one change, on a route or type that `which` picks."""
        route = self.routes[which % len(self.routes)]
        name = list(self.types)[which % len(self.types)]
        if what == "add route":
            self.add()
        elif what == "drop route" and len(self.routes) > 1:
            self.routes.remove(route)
        elif what == "rename type":
            self._rename(name, self.fresh() + re.sub(r".*(Request|Answer)$", r"\1", name))
        elif what == "rename handler":
            route.handler = self.fresh()
        elif what == "move":
            route.group = "" if route.group else "inner/deep"
        elif what == "path":
            route.path = f"/p{self.fresh()}"
        elif what == "list":
            route.listed = not route.listed
        elif what == "add field":
            self.types[name].append(self.fresh())
        elif what == "drop field" and len(self.types[name]) > 1:
            self.types[name].pop()
        elif what == "request":
            route.request = "" if route.request else next(t for t in self.types if t.endswith("Request"))
        elif what == "jwt":
            self.jwt = True
        elif what == "middleware":
            self.middleware = True

    def _rename(self, old: str, new: str) -> None:
        self.types = {new if name == old else name: fields for name, fields in self.types.items()}
        for route in self.routes:
            route.request = new if route.request == old else route.request
            route.response = new if route.response == old else route.response


CHANGES = st.tuples(
    st.sampled_from(
        (
            *("add route", "drop route", "rename type", "rename handler", "move", "path", "list", "add field"),
            *("drop field", "request", "jwt", "middleware"),
        )
    ),
    st.integers(0, 11),
    st.booleans(),
)


def written(path: Path, number: int, crlf: bool) -> None:
    """Replace a stub by the body of a human."""
    text = path.read_text(encoding="utf-8")
    answer = re.search(r"(?s)async def.*-> (?:list\[)?(\w+)", text)
    assert answer is not None
    field = "self.svc" if "req:" not in text else "req.id"
    body = f"        # 人 {number}\n        print( {field} ) ;  # {number} {{}}\n        return {answer[1]}( )\n"
    text = re.sub(r"        raise NotImplementedError\(.*\)\n", body, text)
    path.write_bytes(text.replace("\n", "\r\n" if crlf else "\n").encode())


def untouchable(path: Path) -> list[bytes]:
    """Return the lines that no contract decides."""
    lines = path.read_bytes().split(b"\n")
    return [
        line
        for line in lines
        if not re.match(rb"from |class |\s*(async def|req:|self,|\)|\w+,\r?$)|\s+self, req", line)
    ]


def logic(root: Path) -> dict[int, Path]:
    """Return the files with a human's body, by the number in it."""
    found = {}
    for path in (root / "a_api" / "logic").rglob("*_logic.py"):
        match = re.search(r"# 人 (\d+)", path.read_text(encoding="utf-8"))
        if match:
            found[int(match[1])] = path
    return found


@contextlib.contextmanager
def importing(root: Path) -> Iterator[None]:
    """Make the generated package of a folder importable, and forget it afterwards.

    No bytecode is kept: that of a module which is written again in one second with one size would still count.
    """
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    keeps, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = keeps
        sys.path.remove(str(root))
        for name in [name for name in sys.modules if name.partition(".")[0] == "a_api"]:
            del sys.modules[name]


def step(root: Path, model: Model, what: str, which: int, generated: bool) -> bool:
    """Change the contract once and check sync; return False when it waits for a human and wrote nothing."""
    before = {number: untouchable(path) for number, path in logic(root).items()}
    model.change(what, which)
    (root / "a.api").write_text(model.text())
    note(f"{what} {which}\n{model.text()}")
    if generated:
        assert mallgen("gen", "-dir", ".", "-q", "--force").code == 0
    files = tree(root)
    ran = mallgen("sync", "-dir", ".", "--apply", "--format", "text")
    assert ran.code in (0, 1), ran.err
    if "nothing was written" in ran.err:
        assert tree(root) == files
        assert mallgen("check", "-dir", ".").code == 1
        return False
    found = mallgen("check", "-dir", ".", "--format", "concise")
    codes = set(re.findall(r"error\[([\w-]+)\]", found.out))
    stuck = "uses-vanished" in codes or "signature-drift" in re.findall(r"error\[([\w-]+)\]", ran.err)
    assert codes <= HUMAN | ({"signature-drift"} if stuck else set()), found.out
    event(f"{what}: {'for a human' if codes & HUMAN else 'done'}")
    assert {number: untouchable(path) for number, path in logic(root).items()} == before
    for route in model.routes:
        if route.number in before and not codes & {"maybe-renamed"}:
            assert logic(root)[route.number].name.removesuffix("_logic.py") == route.handler.lower(), route.handler
    with importing(root):
        importlib.import_module("a_api.routes")
    assert mallgen("prune", "-dir", ".", "-q").code == 0
    return True


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(CHANGES, min_size=1, max_size=5), st.booleans())
@pytest.mark.slow
def test_user_code_follows(changes: list[tuple[str, int, bool]], crlf: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, working_in(Path(folder)):
        root = Path(folder)
        model = Model()
        for _ in range(3):
            model.add()
        (root / "a.api").write_text(model.text())
        assert mallgen("api", "py", "-api", "a.api", "-dir", ".", "-q").code == 0
        for route in model.routes[:2]:
            written(root / "a_api" / "logic" / f"{route.handler.lower()}_logic.py", route.number, crlf)
        for what, which, generated in changes:
            if not step(root, model, what, which, generated):
                return
