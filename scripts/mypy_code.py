"""A plugin of mypy: what becomes code is code. `Code(…)` and `call(…)` refuse text that is neither ours nor code.

Ours are constants. Code is what has the type Code: of it, of numbers and of constants a new piece may be put together
with an f-string, `+`, `join` or a condition. Apart are mallgen/python/code.py and layout.py, which make code of text.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from mypy.nodes import (
    CallExpr,
    ConditionalExpr,
    Expression,
    GeneratorExpr,
    ListComprehension,
    ListExpr,
    MemberExpr,
    OpExpr,
    StarExpr,
    StrExpr,
    TupleExpr,
)
from mypy.plugin import CheckerPluginInterface, FunctionContext, Plugin
from mypy.types import AnyType, Instance, NoneType, TupleType, Type, UnionType, get_proper_type

CHECKED = frozenset({"mallgen.python.code.Code", "mallgen.python.code.Literal", "mallgen.python.layout.call"})
MAKERS = ("mallgen.python.code", "mallgen.python.layout")
CODE = "mallgen.python.code.Code"
_PLAIN = frozenset({"builtins.int", "builtins.bool"})
_SEVERAL = frozenset({"builtins.list", "builtins.tuple", "typing.Sequence", "typing.Iterable", "typing.Iterator"})


class CodePlugin(Plugin):
    """Looks at the arguments of every call that makes code."""

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """mypy asks for each function that is called."""
        return _check if fullname in CHECKED else None


def _check(context: FunctionContext) -> Type:
    if getattr(context.api, "tree").fullname not in MAKERS:  # noqa: B009 - the interface does not declare it
        for argument in chain.from_iterable(context.args):
            for part in _strange(argument, context.api):
                context.api.fail("not code: only constants, Code and numbers become code", part)
    return context.default_return_type


def _strange(node: Expression, api: CheckerPluginInterface) -> Iterator[Expression]:
    """The innermost parts of an expression that are neither code nor ours."""
    inner = _parts(node)
    if inner is not None:
        for part in inner:
            yield from _strange(part, api)
    elif not isinstance(node, StrExpr) and not _is_code(api.get_expression_type(node)):
        yield node


def _parts(node: Expression) -> list[Expression] | None:
    """What an expression that only puts text together consists of; mypy has f-strings as `join` and `format`."""
    if isinstance(node, CallExpr) and isinstance(node.callee, MemberExpr):
        made = isinstance(node.callee.expr, StrExpr) and node.callee.name in ("join", "format")
        return node.args if made else None
    if isinstance(node, ListExpr | TupleExpr):
        return node.items
    if isinstance(node, OpExpr) and node.op in ("+", "*", "or"):
        return [node.left, node.right]
    if isinstance(node, ConditionalExpr):
        return [node.if_expr, node.else_expr]
    if isinstance(node, ListComprehension):
        return [node.generator.left_expr]
    if isinstance(node, GeneratorExpr):
        return [node.left_expr]
    if isinstance(node, StarExpr):
        return [node.expr]
    return None


def _is_code(kind: Type) -> bool:
    found = get_proper_type(kind)
    if isinstance(found, UnionType):
        return all(map(_is_code, found.items))
    if isinstance(found, AnyType | NoneType):
        return False
    if not isinstance(found, Instance):
        return isinstance(found, TupleType) and all(map(_is_code, found.items))
    if found.type.fullname in _SEVERAL:
        return bool(found.args) and all(map(_is_code, found.args))
    return found.type.fullname in _PLAIN or found.type.has_base(CODE)


def plugin(version: str) -> type[Plugin]:
    """Where mypy starts."""
    return CodePlugin
