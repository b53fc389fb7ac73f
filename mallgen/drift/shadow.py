"""Shadowed names of a user file: local variables with the name of an import."""

import ast
from collections.abc import Iterable, Iterator, Sequence

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LOOPS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def shadowed(nodes: Iterable[ast.AST]) -> frozenset[ast.Name]:
    """Return the names, among a module's nodes, that are variables of functions, lambdas and comprehensions."""
    found: set[ast.Name] = set()
    for node in nodes:
        if isinstance(node, _FUNCTIONS):
            inner = _nodes_in(node.body if isinstance(node.body, list) else [node.body])
            own = {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)} | _assigned(inner)
        elif isinstance(node, _LOOPS):
            targets = [name for loop in node.generators for name in _nodes_in([loop.target])]
            inner = [each for part in _scoped_parts(node) for each in _nodes_in([part])]
            own = {name.id for name in targets if isinstance(name, ast.Name)}
        else:
            continue
        found |= {name for name in inner if isinstance(name, ast.Name) and name.id in own}
    return frozenset(found)


def _scoped_parts(node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> Iterator[ast.expr]:
    """Yield the parts of a comprehension that see its own variables: all but the iterable of its first loop."""
    yield from (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
    for number, loop in enumerate(node.generators):
        yield from (loop.target, *loop.ifs, *([loop.iter] if number else []))


def _nodes_in(parts: Sequence[ast.AST]) -> list[ast.AST]:
    return [node for part in parts for node in ast.walk(part)]


def _assigned(inner: Iterable[ast.AST]) -> set[str]:
    """Return the variables that a function's body binds; inner functions' count too, which at worst hides a finding."""
    own: set[str] = set()
    given: set[str] = set()
    for node in inner:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            own.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            own.add(node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            given |= {*node.names}
    return own - given
