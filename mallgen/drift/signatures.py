"""Comparison of a user's function with the contract's signature, and the edits that make it fit."""

import ast
import re
from collections.abc import Iterator, Sequence

from mallgen.drift.annotations import NamedType, fits, named_type
from mallgen.drift.imports import ImportEdits
from mallgen.drift.symbols import Site, Symbols
from mallgen.drift.user_file import ByteEdit, Function, UserFile, annotation_tree, walked
from mallgen.output.signature import REQUESTS, SOCKET, Imported, Param, Signature
from mallgen.python.layout import WIDTH, bracket
from mallgen.text.splice import Overlapping, spliced
from mallgen.text.width import width

_DEF = re.compile(r"(?:async\s+)?def\s+")
_COMMA = re.compile(rb"(?:\s|\\|#[^\r\n]*)*(?P<comma>,)")
_CLASS = re.compile(r"class\s+")
_ANSWERS = {f"mallgen_runtime.{name}" for name in ("Response", "Redirect", "FileResponse", "StreamingResponse")}


class Match:
    """One function of a file compared with its signature: `edits` mends `sites`, the user has to mend `stuck`.

    `qualname` is the function's qualified name in the file, `request` its parameter for the request. `replaced` are the
    nodes that `edits` replaces, `types` the new types of annotations, `used` the local names that those need.
    """

    def __init__(self, file: UserFile, signature: Signature, symbols: Symbols, imports: ImportEdits) -> None:
        self._file = file
        self._signature = signature
        self._symbols = symbols
        self._imports = imports
        self._wanted_imports = {entry.local: entry for entry in signature.imports}
        self.sites: list[Site] = []
        self.stuck: list[Site] = []
        self.edits: list[ByteEdit] = []
        self.replaced: list[ast.AST] = []
        self.types: dict[ast.AST, NamedType] = {}
        self.request = ""
        self.qualname = ""
        self.used: set[str] = set()

    def run(self, qualnames: Sequence[str]) -> None:
        """Find the function under the first of these names that the file has, and compare it."""
        found = next((name for name in qualnames if self._file.find(name)[1] is not None), "")
        if not found:
            self._report_missing(qualnames)
            return
        self.qualname = found
        owner, function = self._file.find(found)
        assert function is not None
        self._compare_names(found, owner, function)
        self._compare_params(function)
        self._compare_result(_awaited(function))
        self._lay_out(function)

    def _report_missing(self, qualnames: Sequence[str]) -> None:
        wanted = self._signature.qualname
        owner = next((n for name in qualnames if (n := self._file.find(name)[0]) is not None), None)
        top = wanted.partition(".")[0]
        if top in self._file.bindings or top in self._file.aliases or (owner is not None and _may_have(owner, wanted)):
            return
        what = f"class {owner.name} has no method `{wanted.rpartition('.')[2]}`" if owner else f"there is no `{wanted}`"
        self.stuck.append(Site(owner or self._file.tree, what, breaks=owner is None))

    def _compare_names(self, found: str, owner: ast.ClassDef | None, function: Function) -> None:
        parts = zip(found.split("."), self._signature.qualname.split("."), strict=True)
        nodes = [(owner, _CLASS)] if owner is not None else []
        for (old, new), (node, keyword) in zip(parts, [*nodes, (function, _DEF)], strict=True):
            if old != new and node is not None:
                self.sites.append(Site(node, f"`{old}` is `{new}` in the contract"))
                start, _ = self._file.range(node)
                head = keyword.match(self._file.utf8[start:].decode())
                assert head is not None, "a definition starts with its keyword"
                at = start + len(head.group().encode())
                self.edits.append(ByteEdit(at, at + len(old.encode()), new))

    def _compare_params(self, function: Function) -> None:
        wanted = self._signature.params
        positional = [*function.args.posonlyargs, *function.args.args]
        bound = positional[1:] if "." in self._signature.qualname and not _is_static(function) else positional
        before = positional
        last = next((param for param in wanted if param.name == SOCKET), None)
        socket = next((arg for arg in bound if _is_socket(arg)), None) if last is not None else None
        if last is not None and socket is not None:  # the request comes and goes in front of it
            self._compare_annotation(socket.annotation, last.annotation, f"`{socket.arg}`")
            wanted = tuple(param for param in wanted if param is not last)
            bound = [arg for arg in bound if arg is not socket]
            before = positional[: positional.index(socket)]
        for param, arg in zip(wanted, bound, strict=False):
            self._compare_annotation(arg.annotation, param.annotation, f"`{arg.arg}`")
        if len(bound) >= len(wanted):
            if wanted and self._signature.request:
                asked = next(number for number, param in enumerate(wanted) if param.name in REQUESTS)
                self.request = bound[asked].arg
            self._too_many(function, bound[len(wanted) :], positional)
        elif function.args.vararg is None:
            self._too_few(function, wanted[len(bound) :], before)
        for arg, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
            if default is None:
                self.stuck.append(Site(arg, f"`{arg.arg}` is not passed by anybody"))

    def _too_many(self, function: Function, extra: list[ast.arg], positional: list[ast.arg]) -> None:
        defaults = len(function.args.defaults)
        required = extra[: max(0, len(extra) - defaults)] if extra else []
        for arg in required:
            used = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == arg.arg]
            site = Site(arg, f"the contract has no request for `{arg.arg}`")
            if used or len(required) > 1 or defaults:
                self.stuck += [site, *(Site(node, f"`{arg.arg}` is used here") for node in used)]
                continue
            self.sites.append(site)
            at = positional.index(arg)
            self.edits += self._removal(arg, self._file.range(positional[at - 1])[1] if at else None)
            self.replaced.append(arg)

    def _removal(self, arg: ast.arg, before: int | None) -> Iterator[ByteEdit]:
        """Remove a parameter, but no comment beside it; `before` is the offset at which the previous parameter ends."""
        utf8 = self._file.utf8
        start, end = self._file.range(arg)
        if before is not None and re.fullmatch(rb"[ \t]*,[ \t]*", utf8[before:start]):
            yield ByteEdit(before, end, "")
            return
        comma = _COMMA.match(utf8, end)
        place = comma.start("comma") if comma else end
        first = self._file.line_start(arg.lineno)
        rest = re.compile(rb"[ \t]*(\r\n|\r|\n)?").match(utf8, place + 1 if comma else end)
        assert rest is not None, "it matches nothing too"
        if comma and place != end and utf8[end:place].strip():
            yield ByteEdit(place, place + 1, "")
            yield ByteEdit(start, end, "")
        elif rest[1] and not utf8[first:start].strip():
            yield ByteEdit(first, rest.end(), "")
        else:
            yield ByteEdit(start, rest.end() if not rest[1] else rest.start(1), "")

    def _too_few(self, function: Function, missing: Sequence[Param], positional: list[ast.arg]) -> None:
        for param in missing:
            self.sites.append(Site(function, f"the contract passes `{param.name}: {param.annotation}`"))
        required = positional[: len(positional) - len(function.args.defaults)]
        texts = [f"{param.name}: {self._in_local_names(param.annotation)}" for param in missing]
        if not required:
            at = self._file.utf8.index(b"(", self._file.range(function)[0]) + 1
            more = bool(
                function.args.posonlyargs or function.args.args or function.args.kwonlyargs or function.args.kwarg
            )
            self.edits.append(ByteEdit(at, at, ", ".join(texts) + (", " if more else "")))
            return
        end = self._file.range(required[-1])[1]
        line = self._file.line_start(required[-1].lineno)
        start = self._file.range(required[-1])[0]
        alone = not self._file.utf8[line:start].strip() and len(required) > 1
        pad = f",{self._file.newline}{self._file.utf8[line:start].decode()}" if alone else ", "
        self.edits.append(ByteEdit(end, end, "".join(f"{pad}{text}" for text in texts)))

    def _compare_result(self, node: ast.expr | None) -> None:
        """Compare the result, which may be the contract's, the alternative, or one of both."""
        wanted = self._signature.returns
        if node is not None and self._signature.alternative and not self._is_as_generated(node, wanted):
            found = named_type(node, self._current)
            fit = (fits(found, self._contract_type(one), self._symbols.is_acceptable) for one in self._both)
            if not next(fit) and (next(fit) or self._names_an_answer(node)):
                wanted = self._signature.either
        self._compare_annotation(node, wanted, "the result")

    @property
    def _both(self) -> tuple[str, str]:
        return self._signature.returns, self._signature.either

    def _names_an_answer(self, node: ast.expr) -> bool:
        """Return whether an annotation has a class of answers of the runtime."""
        names = (part for part in walked(_unquoted(node)) if isinstance(part, ast.Name | ast.Attribute))
        return any(self._current(part) in _ANSWERS for part in names)

    def _compare_annotation(self, node: ast.expr | None, wanted: str, what: str) -> None:
        """Replace an annotation that does not fit; none, or an old name kept by `import … as`, is the user's choice."""
        if node is None or self._is_as_generated(node, wanted):
            return
        type_ = self._contract_type(wanted)
        is_renamed = any(map(self._is_renamed, walked(_unquoted(node))))
        if is_renamed or not fits(named_type(node, self._current), type_, self._symbols.is_acceptable):
            self.types[node] = type_
            self._replace(node, wanted, what)

    def _is_as_generated(self, node: ast.expr, wanted: str) -> bool:
        """Return whether an annotation is the contract's name from the contract's module, as most are."""
        entry = self._wanted_imports.get(wanted)
        if entry is None or not isinstance(node, ast.Name) or node.id != wanted:
            return False
        binding = self._file.bindings.get(wanted)
        full = f"{entry.module}.{entry.name}"
        return binding is not None and binding.full == full == self._symbols.current(full)

    def _is_renamed(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
        binding = self._file.bindings.get(node.id) if isinstance(node, ast.Name) else None
        full = self._full_name(node)
        name = self._symbols.current(full).rpartition(".")[2]
        return name != full.rpartition(".")[2] and (binding is None or binding.alias.asname is None)

    def _replace(self, node: ast.expr, wanted: str, what: str) -> None:
        piece = self._file.source(node)
        there = f"`{wanted}`" if piece != wanted else f"that of `{self._modules(wanted)}`"
        self.sites.append(Site(node, f"{what} is `{piece}`, the contract says {there}"))
        self.replaced.append(node)
        text = self._in_local_names(wanted, next(self._statements(node), None))
        start, end = self._file.range(node)
        quoted = isinstance(node, ast.Constant) and isinstance(node.value, str)
        quote = self._file.utf8[start : start + 1].decode() if quoted else ""
        self.edits.append(ByteEdit(start, end, f"{quote}{text}{quote}"))

    def _modules(self, annotation: str) -> str:
        names = [node.id for node in ast.walk(ast.parse(annotation, mode="eval")) if isinstance(node, ast.Name)]
        return ", ".join(sorted({self._wanted_imports[name].module for name in names if name in self._wanted_imports}))

    def _statements(self, node: ast.expr) -> Iterator[ast.ImportFrom]:
        """Yield the statements that import an annotation's names."""
        for part in ast.walk(_unquoted(node)):
            binding = self._file.bindings.get(part.id) if isinstance(part, ast.Name) else None
            if binding is not None and isinstance(binding.statement, ast.ImportFrom):
                yield binding.statement

    def _current(self, node: ast.expr) -> str:
        return self._symbols.current(self._full_name(node))

    def _full_name(self, node: ast.expr) -> str:
        return self._symbols.from_star(self._file.meaning(node), self._file.star_modules)

    def _contract_type(self, annotation: str) -> NamedType:
        def meaning(node: ast.expr) -> str:
            if isinstance(node, ast.Attribute):
                return f"{meaning(node.value)}.{node.attr}"
            assert isinstance(node, ast.Name), "generated types are names"
            entry = self._wanted_imports.get(node.id)
            return f"{entry.module}.{entry.name}" if entry else node.id

        return named_type(annotation_tree(annotation), meaning)

    def _in_local_names(self, annotation: str, beside: ast.ImportFrom | None = None) -> str:
        """Return the contract's type in this file's local names; import those that are missing."""
        tree = annotation_tree(annotation)
        text = annotation
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in self._wanted_imports]
        for node in sorted(names, key=lambda found: -found.col_offset):
            local = self._imported_as(self._wanted_imports[node.id], beside)
            self.used.add(local.partition(".")[0])
            text = f"{text[: node.col_offset]}{local}{text[node.col_offset + len(node.id) :]}"
        return text

    def _imported_as(self, entry: Imported, beside: ast.ImportFrom | None) -> str:
        return self._imports.use(f"{entry.module}.{entry.name}", entry.local, beside)

    def _lay_out(self, function: Function) -> None:
        """Lay out a head that has become too long for its line as black does; one in several lines stays as it is."""
        if not self.edits:
            return
        start, _ = self._file.range(function)
        line_end = self._file.line_start(function.lineno + 1)
        head = self._file.utf8[start:line_end].decode().rstrip("\r\n")
        own = [edit for edit in self.edits if edit.start >= start]
        if not own or not head.endswith(":") or "#" in head or any(edit.end > line_end for edit in own):
            return
        moved = sorted({(edit.start - start, edit.end - start, edit.text.encode()) for edit in own})
        try:
            after = spliced(head.encode(), moved).decode()
        except Overlapping:  # `edited` refuses the whole file later
            return
        indent = start - self._file.line_start(function.lineno)
        if indent + width(after) <= WIDTH or indent + width(head) > WIDTH:
            return
        close = after.rindex(")", 0, after.rindex("->") if function.returns is not None else len(after))
        open_ = after.index("(") + 1
        text = bracket(after[:open_], _split(after[open_:close]), after[close:], indent).replace(
            "\n", self._file.newline
        )
        others = [edit for edit in self.edits if edit.start < start]
        self.edits = [*others, ByteEdit(start, start + len(head.encode()), text)]


def _may_have(owner: ast.ClassDef, qualname: str) -> bool:
    """Return whether a class may have a method that its body does not define: inherited, or assigned."""
    method = qualname.rpartition(".")[2]
    assigned = [target for node in owner.body if isinstance(node, ast.Assign) for target in node.targets]
    return bool(owner.bases or owner.keywords) or any(isinstance(n, ast.Name) and n.id == method for n in assigned)


def _is_socket(arg: ast.arg) -> bool:
    """Return whether a parameter is the one for a WebSocket, also under a name of the user's."""
    return arg.arg == SOCKET or (arg.annotation is not None and "WebSocket" in ast.unparse(arg.annotation))


def _awaited(function: Function) -> ast.expr | None:
    """Return the annotation of the awaited result; for a plain function, the argument of its Awaitable or Coroutine."""
    node = function.returns
    if isinstance(function, ast.FunctionDef) and isinstance(node, ast.Subscript):
        name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        if name in ("Awaitable", "Coroutine"):
            return node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
    return node


def _unquoted(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return ast.parse(node.value.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return node
    return node


def _is_static(function: Function) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in function.decorator_list)


def _split(text: str) -> list[str]:
    """Return the arguments in a text, split at the commas outside of brackets."""
    parts, depth, at = [], 0, 0
    for index, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            parts.append(text[at:index].strip())
            at = index + 1
    return [part for part in [*parts, text[at:].strip()] if part]
