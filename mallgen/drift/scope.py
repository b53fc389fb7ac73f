"""Names that a generated module, message or enum has."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from mallgen.drift.user_file import top_level

Scope = Mapping[str, ast.stmt]


def bound(body: Iterable[ast.stmt]) -> Scope:
    """Return the names that statements bind, each with its statement."""
    return {name: node for node in top_level(body) for name in _names(node)}


def _names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom | ast.Import):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def members(node: ast.ClassDef) -> Scope | None:
    """Return the names that a message or an enum has, by its stub; None for others, or where the stub is incomplete."""
    base = node.bases[0].id.strip("_") if node.bases and isinstance(node.bases[0], ast.Name) else ""
    if base not in ("Message", "Enum"):
        return None
    found = bound(node.body)
    maker = found.get("__init__")
    if isinstance(maker, ast.FunctionDef) and maker.args.kwarg:
        return None
    fields = [name for name, inner in found.items() if isinstance(inner, ast.AnnAssign)]
    made = [name for field in fields for name in (f"{field.upper()}_FIELD_NUMBER", _map_entry(field))]
    return dict.fromkeys((*made, *_inherited()[base]), node) | dict(found)


def _map_entry(field: str) -> str:
    """Return the name of the message that protoc makes of a map field: `LabelsEntry` for `labels`."""
    return "".join(part[:1].upper() + part[1:] for part in field.split("_")) + "Entry"


@lru_cache(1)
def _inherited() -> Mapping[str, frozenset[str]]:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto  # only contracts with protos need it
    from google.protobuf.message import Message

    return {"Message": frozenset((*dir(Message), "Extensions")), "Enum": frozenset(dir(FieldDescriptorProto.Type))}
