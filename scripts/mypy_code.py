"""A plugin of mypy that keeps text from a contract out of code: `Code(…)` and `call(…)` take constants and code only.

Code is a value of the type Code. An argument may combine code, numbers and constants with an f-string, `+`, `join` or a
condition. mallgen/python/code.py and layout.py are exempt, since they make code from text.
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
    """The plugin, which checks the arguments of every call that makes code."""

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """Return the check for a called function that makes code, None for others."""
        return _check if fullname in CHECKED else None


def _check(context: FunctionContext) -> Type:
    if getattr(context.api, "tree").fullname not in MAKERS:  # noqa: B009 - the interface does not declare it
        for argument in chain.from_iterable(context.args):
            for part in _strange(argument, context.api):
                context.api.fail("not code: only constants, Code and numbers become code", part)
    return context.default_return_type


def _strange(node: Expression, api: CheckerPluginInterface) -> Iterator[Expression]:
    """Yield the innermost parts of an expression that are neither code nor constants."""
    inner = _parts(node)
    if inner is not None:
        for part in inner:
            yield from _strange(part, api)
    elif not isinstance(node, StrExpr) and not _is_code(api.get_expression_type(node)):
        yield node


def _parts(node: Expression) -> list[Expression] | None:
    """Return the parts of an expression that only combines text, None for others.

    mypy represents f-strings as calls of `join` and `format`.
    """
    if isinstance(node, CallExpr) and isinstance(node.callee, MemberExpr):
        combines = isinstance(node.callee.expr, StrExpr) and node.callee.name in ("join", "format")
        return node.args if combines else None
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


def _is_code(declared: Type) -> bool:
    kind = get_proper_type(declared)
    if isinstance(kind, UnionType):
        return all(map(_is_code, kind.items))
    if isinstance(kind, AnyType | NoneType):
        return False
    if not isinstance(kind, Instance):
        return isinstance(kind, TupleType) and all(map(_is_code, kind.items))
    if kind.type.fullname in _SEVERAL:
        return bool(kind.args) and all(map(_is_code, kind.args))
    return kind.type.fullname in _PLAIN or kind.type.has_base(CODE)


def plugin(version: str) -> type[Plugin]:
    """Return the plugin's class; mypy calls this function."""
    return CodePlugin
