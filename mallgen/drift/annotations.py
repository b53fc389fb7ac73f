"""Types by full name, however an annotation spells them: quoted, through an import's alias, as Optional or with `|`."""

import ast
from collections.abc import Callable
from typing import NamedTuple

_CANONICAL_NAMES = {
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


class NamedType(NamedTuple):
    """A type: its full name and its arguments; the arguments of `|` are its members, and `?` is an unknown type."""

    name: str
    args: tuple["NamedType", ...] = ()


def named_type(node: ast.expr, full_name: Callable[[ast.expr], str]) -> NamedType:
    """Return the type that an annotation means; `full_name` returns the full name of a name or dotted name."""
    if isinstance(node, ast.Constant):
        return _constant(node, full_name)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([named_type(node.left, full_name), named_type(node.right, full_name)])
    if isinstance(node, ast.Subscript):
        return _subscript(node, full_name)
    full = full_name(node)
    return NamedType(_CANONICAL_NAMES.get(full, full) or "?")


def _constant(node: ast.Constant, full_name: Callable[[ast.expr], str]) -> NamedType:
    if node.value is None:
        return NamedType("None")
    if isinstance(node.value, str):
        try:
            return named_type(ast.parse(node.value.strip(), mode="eval").body, full_name)
        except (SyntaxError, ValueError):
            return NamedType("?")
    return NamedType("?")


def _subscript(node: ast.Subscript, full_name: Callable[[ast.expr], str]) -> NamedType:
    base = full_name(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if base in _WRAPPERS:
        return named_type(parts[0], full_name)
    args = tuple(named_type(part, full_name) for part in parts)
    if base == "typing.Optional":
        return _union([*args, NamedType("None")])
    if base == "typing.Union":
        return _union(list(args))
    if base.rpartition(".")[2] in _STREAMS:
        return NamedType(_STREAM, args[:1])
    return NamedType(_CANONICAL_NAMES.get(base, base) or "?", args)


def _union(parts: list[NamedType]) -> NamedType:
    flat = [inner for part in parts for inner in (part.args if part.name == "|" else (part,))]
    members = tuple(sorted(set(flat)))
    return members[0] if len(members) == 1 else NamedType("|", members)


def fits(found: NamedType, wanted: NamedType, judge: Callable[[str, str], bool]) -> bool:
    """Return whether a user's type is acceptable for the contract's; `judge` decides about two different full names."""
    if found == wanted or found.name.startswith("?") or found.name == "typing.Any":
        return True
    if found.name == "|" and wanted.name == "|":
        return all(any(fits(one, other, judge) for other in wanted.args) for one in found.args)
    if wanted.name == "|":
        return any(fits(found, other, judge) for other in wanted.args)
    if found.name != wanted.name:
        plain = {found.name, wanted.name} & {*_BUILTINS, "|", _STREAM}
        return not plain and judge(found.name, wanted.name)
    if not found.args or not wanted.args:
        return True
    pairs = zip(found.args, wanted.args, strict=False)
    return len(found.args) == len(wanted.args) and all(fits(one, other, judge) for one, other in pairs)


def without_none(found: NamedType | None) -> NamedType | None:
    """Return a type without `| None`; None where the rest is not a single known type."""
    if found is None or found.name in ("", "typing.Any") or (found.name.startswith("?") and "." not in found.name):
        return None
    if found.name != "|":
        return found
    parts = [part for part in found.args if part.name != "None"]
    return without_none(parts[0]) if len(parts) == 1 else None


_CONTAINERS = frozenset(
    "list set frozenset tuple deque dict defaultdict OrderedDict Sequence MutableSequence Iterable Iterator Collection"
    " AsyncIterator AsyncIterable AsyncGenerator Generator Set Mapping MutableMapping Repeated RepeatedMessage"
    " MessageMap ScalarMap".split()
)


def item_type(found: NamedType | None) -> NamedType | None:
    """Return the type of a container's items; None where it is unknown."""
    if found is None or found.name.rpartition(".")[2] not in _CONTAINERS or not found.args:
        return None
    is_tuple = found.name == "tuple"
    return without_none(found.args[0]) if not is_tuple or len({*found.args}) == 1 else None
