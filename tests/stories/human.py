"""Plausible hand-written code in many styles, to replace the stubs of a generated folder."""

import ast
import re
from pathlib import Path

SUPPORT = '''"""What our logic shares: a fake store. mallgen never wrote this."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

T = TypeVar("T")
P = ParamSpec("P")


def made(kind: type[T], *parts: object) -> T:
    """An answer of a kind."""
    print(len(parts))
    return cast(T, cast(Any, kind))


def anything() -> Any:
    """A value of any type."""


def counted(work: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Count calls."""

    @wraps(work)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return await work(*args, **kwargs)

    return call
'''


class Stub:
    """A stub of logic: its class, method, request, answer, and the modules of its types."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        tree = ast.parse(self.text)
        self.package = path.parts[path.parts.index("logic") - 1]
        self.owner = next(node for node in tree.body if isinstance(node, ast.ClassDef))
        self.method = next(n for n in self.owner.body if isinstance(n, ast.AsyncFunctionDef))
        args = self.method.args.args[1:]
        self.request = ast.unparse(args[0].annotation) if args and args[0].annotation else ""
        returns = ast.unparse(self.method.returns) if self.method.returns else ""
        self.returns = re.sub(r"^Response \| None$", "None", returns).removesuffix(" | Response")
        self.name = self.method.name
        self.imported = {
            alias.name: node.module or ""
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        self.doc = ast.get_docstring(tree) or ""

    def types(self) -> list[str]:
        """Return the contract's types that the stub imports."""
        return [name for name, module in self.imported.items() if module.endswith((".schemas", "_pb2"))]

    def fields(self, name: str) -> list[str]:
        """Return the attributes of a contract's type."""
        package = self.path.parents[len(self.path.parts) - 1 - self.path.parts.index("logic")]
        for module in [package / "schemas.py", *sorted((package / "pb").glob("*.pyi"))]:
            tree = ast.parse(module.read_text(encoding="utf-8")) if module.exists() else ast.Module([], [])
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and node.name == name:
                    fields = [n.target for n in node.body if isinstance(n, ast.AnnAssign)]
                    return [field.id for field in fields if isinstance(field, ast.Name)]
        return []

    @property
    def home(self) -> str:
        """Return the module of the contract's types."""
        return next((m for m in self.imported.values() if m.endswith((".schemas", "_pb2"))), f"{self.package}.schemas")

    @property
    def kind(self) -> str:
        """Return the name of the context's class."""
        return "RpcContext" if "RpcContext" in self.imported else "Context"

    @property
    def context(self) -> str:
        """Return the import of the context's class."""
        return f"from {self.imported[self.kind]} import {self.kind}"

    def answer(self, name: str = "") -> str:
        """Return an expression for an answer of the stub's type."""
        kind = re.sub(r"^list\[(.*)\]$", r"\1", self.returns)
        if self.returns == "None" or "AsyncIterator" in self.returns:
            return "None"
        given = "" if not self.request else ", reqs" if "AsyncIterator" in self.request else ", req"
        value = f"made({name or kind}{given})"
        return f"[{value}]" if self.returns.startswith("list[") else value


def write(path: Path, number: int, style: int) -> None:
    """Replace a stub by hand-written logic, whose first comment has a number that identifies it later."""
    stub = Stub(path)
    homes = {module for module in stub.imported.values() if module.endswith("_pb2")}
    if len(homes) > 1 or "AsyncIterator" in stub.text or not stub.types() or stub.returns == "None":
        style = 0
    text = STYLES[style % len(STYLES)](stub, number)
    data = text.encode()
    if style % len(STYLES) == 5:
        data = b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")
    path.write_bytes(data)


def plain(stub: Stub, number: int) -> str:
    """Return the stub with a body with early returns."""
    body = f"        # written by hand: {number}\n"
    if stub.request and "AsyncIterator" not in stub.request:
        body += "        if not req:\n            raise ValueError('nothing')  # 空\n"
        for name in stub.fields(stub.request)[:2]:
            body += f"        print(req.{name})\n"
    if "AsyncIterator" in stub.returns:
        item = re.sub(r".*AsyncIterator\[(.*)\]", r"\1", stub.returns)
        body += f"        for _ in range(3):\n            yield made({item})\n"
    elif stub.fields(stub.returns):
        given = ", ".join(f"{name}=anything()" for name in stub.fields(stub.returns))
        body += f"        return {stub.returns}({given})\n"
    else:
        body += f"        return {stub.answer()}\n"
    text = re.sub(r" +raise NotImplementedError\(.*\)\n(?: +yield.*\n)?", lambda _: body, stub.text, flags=re.S)
    return with_import(text, stub)


def with_import(text: str, stub: Stub) -> str:
    """Add the helper's import below the last one."""
    at = text.rindex("\n\n\nclass ")
    names = ", ".join(name for name in ("anything", "made") if f"{name}(" in text)
    return f"{text[:at]}\nfrom {stub.package}.store import {names}{text[at:]}" if names else text


def module_alias(stub: Stub, number: int) -> str:
    """Return logic that uses `import package.schemas as t`."""
    request = f", req: t.{stub.request}" if stub.request else ""
    returns = re.sub(r"\b([A-Z]\w*)", r"t.\1", stub.returns)
    answer = stub.answer(re.sub(r"^list\[(.*)\]$", r"\1", returns))
    return f"""# written by hand: {number}
import {stub.home} as t
{stub.context}
from {stub.package}.store import made
from {stub.package}.svc import ServiceContext


class {stub.owner.name}:
    def __init__(self, ctx: {stub.kind}, svc: ServiceContext) -> None:
        self.ctx, self.svc = ctx, svc

    async def {stub.name}(self{request}) -> {returns}:
        return {answer}
"""


def renamed_import(stub: Stub, number: int) -> str:
    """Return logic with `from x import y as z`, a local helper with the types and a signature over several lines."""
    kinds = stub.types()
    names = ",\n".join(f"    {k} as {k}Kind" for k in kinds)
    again = re.compile(r"\b(" + "|".join(kinds) + r")\b")
    asked, returns = (again.sub(r"\1Kind", text) for text in (stub.request, stub.returns))
    request = f"        req: {asked},  # the request\n" if asked else ""
    kind = re.sub(r"^list\[(.*)\]$", r"\1", returns)
    arg = f"value: {asked}" if asked else ""
    return f'''"""{stub.doc}"""

# written by hand: {number}
{stub.context}

from {stub.home} import (
{names},  # all of them
)
from {stub.package}.store import made
from {stub.package}.svc import ServiceContext


def _local({arg}) -> {returns}:
    return {stub.answer(kind).replace("req", "value")}


class {stub.owner.name}:
    """Ours."""

    def __init__(self, ctx: {stub.kind}, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def {stub.name}(
        self,
{request}    ) -> {returns}:
        """Long words."""
        found = _local({"req" if stub.request else ""})
        return found
'''


def quoted(stub: Stub, number: int) -> str:
    """Return logic with types as strings below TYPE_CHECKING, a decorator and another layout."""
    kinds = ", ".join(stub.types())
    request = f', req: "{stub.request}"' if stub.request else ""
    kind = re.sub(r"^list\[(.*)\]$", r"\1", stub.returns)
    return f"""from __future__ import annotations
from typing import TYPE_CHECKING, Any
{stub.context}
from {stub.package}.store import counted, made
from {stub.package}.svc import ServiceContext
if TYPE_CHECKING:
  from {stub.home} import {kinds}

# written by hand: {number}
class {stub.owner.name} (object) :
  def __init__( self, ctx: {stub.kind}, svc: ServiceContext ) -> None:
    self.ctx = ctx ; self.svc = svc

  @counted
  async def {stub.name}( self{request} ) -> '{stub.returns}' :
    kind : Any = object
    from {stub.home} import {kind} as Local  # {number}
    return {stub.answer("Local")}
"""


def type_alias(stub: Stub, number: int) -> str:
    """Return logic with aliases of types at the top, used in the signature."""
    kind = re.sub(r"^list\[(.*)\]$", r"\1", stub.returns)
    alias = "" if not stub.request else f"In = {stub.request}\n"
    request = ", req: In" if stub.request else ""
    return f'''"""{stub.doc}"""

{stub.context}

from {stub.home} import {", ".join(stub.types())}
from {stub.package}.store import made
from {stub.package}.svc import ServiceContext

{alias}Out = {stub.returns}
LIMIT = {number}


class {stub.owner.name}:
    """written by hand: {number}"""

    def __init__(self, ctx: {stub.kind}, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def {stub.name}(self{request}) -> Out:
        # written by hand: {number}
        if LIMIT < 0:
            return {stub.answer(kind)}
        return {stub.answer(kind)}
'''


def relative(stub: Stub, number: int) -> str:
    """Return logic with relative imports and a private helper; `write` gives it CRLF and a byte order mark."""
    depth = len(stub.path.parts) - stub.path.parts.index("logic") - 1
    dots = "." * (depth + 1)
    inner = stub.home.partition(".")[2]
    request = f", req: {stub.request}" if stub.request else ""
    return f'''"""{stub.doc}"""

{stub.context}

from {dots}{inner} import {", ".join(stub.types())}
from {dots}store import made
from {dots}svc import ServiceContext


class {stub.owner.name}:
    """{stub.doc}"""

    def __init__(self, ctx: {stub.kind}, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def {stub.name}(self{request}) -> {stub.returns}:
        # written by hand: {number} 名
        return self._found({"req" if stub.request else ""})

    def _found(self{request}) -> {stub.returns}:
        return {stub.answer()}
'''


STYLES = (plain, module_alias, renamed_import, quoted, type_alias, relative)
