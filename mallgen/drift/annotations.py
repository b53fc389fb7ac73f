"""Types by full name, however an annotation spells them: quoted, through an import's alias, as Optional or with `|`."""

import ast
from collections.abc import Callable
from typing import NamedTuple

_SAME = {
    "typing.List": "list",
    "typing.Dict": "dict",
    "typing.Tuple": "tuple",
    "typing.Text": "str",
    **{f"mallgen_runtime.schema.{sign}Int{bits}": "int" for sign in ("", "U") for bits in (8, 16, 32, 64)},
    "mallgen_runtime.schema.Float32": "float",
    "builtins.list": "list",
    "builtins.dict": "dict",
    "builtins.str": "str",
    "builtins.bytes": "bytes",
}
_STREAM = "collections.abc.AsyncIterator"
_STREAMS = ("AsyncIterator", "AsyncIterable", "AsyncGenerator")
_WRAPPERS = ("typing.Annotated", "typing_extensions.Annotated")
_BUILTINS = frozenset({"bool", "bytes", "dict", "float", "int", "list", "object", "set", "str", "tuple", "None"})


class Meant(NamedTuple):
    """A type: its full name and its arguments; the arguments of `|` are its members, and `?` is an unknown type."""

    name: str
    args: tuple["Meant", ...] = ()


def meant(node: ast.expr, meaning: Callable[[ast.expr], str]) -> Meant:
    """Return the type that an annotation means; `meaning` returns the full name of a name or dotted name."""
    if isinstance(node, ast.Constant):
        return _constant(node, meaning)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([meant(node.left, meaning), meant(node.right, meaning)])
    if isinstance(node, ast.Subscript):
        return _subscript(node, meaning)
    full = meaning(node)
    return Meant(_SAME.get(full, full) or "?")


def _constant(node: ast.Constant, meaning: Callable[[ast.expr], str]) -> Meant:
    if node.value is None:
        return Meant("None")
    if isinstance(node.value, str):
        try:
            return meant(ast.parse(node.value.strip(), mode="eval").body, meaning)
        except (SyntaxError, ValueError):
            return Meant("?")
    return Meant("?")


def _subscript(node: ast.Subscript, meaning: Callable[[ast.expr], str]) -> Meant:
    base = meaning(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if base in _WRAPPERS:
        return meant(parts[0], meaning)
    args = tuple(meant(part, meaning) for part in parts)
    if base == "typing.Optional":
        return _union([*args, Meant("None")])
    if base == "typing.Union":
        return _union(list(args))
    if base.rpartition(".")[2] in _STREAMS:
        return Meant(_STREAM, args[:1])
    return Meant(_SAME.get(base, base) or "?", args)


def _union(parts: list[Meant]) -> Meant:
    flat = [inner for part in parts for inner in (part.args if part.name == "|" else (part,))]
    members = tuple(sorted(set(flat)))
    return members[0] if len(members) == 1 else Meant("|", members)


def fits(found: Meant, wanted: Meant, judge: Callable[[str, str], bool]) -> bool:
    """Return whether a user's type is acceptable for the contract's; `judge` decides about two different full names."""
    if found == wanted or found.name.startswith("?") or found.name == "typing.Any":
        return True
    if found.name == "|" and wanted.name == "|":
        return all(any(fits(one, other, judge) for other in wanted.args) for one in found.args)
    if found.name != wanted.name:
        plain = {found.name, wanted.name} & {*_BUILTINS, "|", _STREAM}
        return not plain and judge(found.name, wanted.name)
    if not found.args or not wanted.args:
        return True
    pairs = zip(found.args, wanted.args, strict=False)
    return len(found.args) == len(wanted.args) and all(fits(one, other, judge) for one, other in pairs)


def bare(found: Meant | None) -> Meant | None:
    """Return a type without `| None`; None where the rest is not a single known type."""
    if found is None or found.name in ("", "typing.Any") or (found.name.startswith("?") and "." not in found.name):
        return None
    if found.name != "|":
        return found
    parts = [part for part in found.args if part.name != "None"]
    return bare(parts[0]) if len(parts) == 1 else None


_WITH_ITEMS = frozenset(
    "list set frozenset tuple deque dict defaultdict OrderedDict Sequence MutableSequence Iterable Iterator Collection"
    " AsyncIterator AsyncIterable AsyncGenerator Generator Set Mapping MutableMapping Repeated RepeatedMessage"
    " MessageMap ScalarMap".split()
)


def items_of(found: Meant | None) -> Meant | None:
    """Return the type of a container's items; None where it is unknown."""
    if found is None or found.name.rpartition(".")[2] not in _WITH_ITEMS or not found.args:
        return None
    is_tuple = found.name == "tuple"
    return bare(found.args[0]) if not is_tuple or len({*found.args}) == 1 else None
