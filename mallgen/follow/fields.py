"""Fields that have another name and the same key on the wire: where a file reads or sets them of what it is sure of."""

import ast
from collections.abc import Iterator, Sequence

from mallgen.follow.source import Edit, Function, UserFile, is_function
from mallgen.follow.world import Site, World
from mallgen.signature import ClassShape


class Fields:
    """The uses in one file. `sites` can be mended, by `edits`."""

    def __init__(self, file: UserFile, world: World) -> None:
        self._file = file
        self._world = world
        self.sites: list[Site] = []
        self.edits: list[Edit] = []

    def run(self) -> None:
        """Look at parameters and variables whose class the file says."""
        for function in filter(is_function, self._file.nodes) if self._world.fields else ():
            for name, shape in self._typed(function):
                self.read(name, shape, list(scope(function, name)))

    def read(self, name: str, shape: ClassShape, nodes: Sequence[ast.AST]) -> None:
        """Rename what is read or set of a variable."""
        for node in nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name:
                self.attribute(node, shape)

    def attribute(self, node: ast.Attribute, shape: ClassShape) -> bool:
        """Rename a field behind a dot; whether it has another name."""
        new = self._world.field(shape, node.attr)
        if new:
            end = self._file.range(node)[1]
            self._add(Edit(end - len(node.attr.encode()), end, new), node, f"`{shape.name}.{node.attr}` is `{new}` now")
        return bool(new)

    def keyword(self, node: ast.keyword, call: ast.Call, shape: ClassShape) -> bool:
        """Rename an argument of a constructor; whether it has another name."""
        new = self._world.field(shape, node.arg or "")
        if new and node.arg:
            start = self._file.offset(node.lineno, node.col_offset)
            self._add(
                Edit(start, start + len(node.arg.encode()), new), call, f"`{shape.name}.{node.arg}` is `{new}` now"
            )
        return bool(new)

    def _add(self, edit: Edit, node: ast.AST, text: str) -> None:
        if edit not in self.edits:
            self.edits.append(edit)
            self.sites.append(Site(node, text))

    def _typed(self, function: Function) -> Iterator[tuple[str, ClassShape]]:
        """The names that hold one class of the contract all through a function."""
        nodes = list(ast.walk(function))
        arguments = function.args
        found = {a.arg: a.annotation for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        stored: dict[str, int] = {}
        for node in nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                stored[node.id] = stored.get(node.id, 0) + 1
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.setdefault(node.target.id, node.annotation)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                found |= {t.id: node.value.func for t in node.targets if isinstance(t, ast.Name) and t.id not in found}
        own = {argument.arg for argument in ast.walk(arguments) if isinstance(argument, ast.arg)}
        for name, node_ in found.items():
            shape = self._shape(node_) if stored.get(name, 0) == (0 if name in own else 1) else None
            if shape is not None:
                yield name, shape

    def _shape(self, node: ast.expr | None) -> ClassShape | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            node = ast.Name(node.value, ast.Load())
        full = self._file.meaning(node) if node is not None else ""
        return self._world.classes.get(self._world.now(full)) if full else None


def scope(node: ast.AST, name: str) -> Iterator[ast.AST]:
    """The nodes of a function, without functions inside it that have a parameter of that name."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            parameters = [n.arg for n in ast.walk(child.args) if isinstance(n, ast.arg)]
            if name in parameters:
                continue
        yield from scope(child, name)
