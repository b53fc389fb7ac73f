"""Checks generated packages against protobuf's descriptors: `python -m tests.run.reflect FOLDER…`.

Each folder has one package. Every module is imported; every message and enum is compared with its class in the
`.pyi`: its module, its fields with their types, the arguments of its constructor. Prints a line for each difference,
then one line per pb2 module: its name and its FileDescriptorProto in base64.
"""

import ast
import base64
import builtins
import importlib
import keyword
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message_factory import GetMessageClass

STUBS = "mallgen_runtime.rpc.message"
METHODS = {"__init__"}


class Marker(str):
    """A generic class of the stubs, known by its name."""


class Union(tuple[Any, ...]):
    """The types that an annotation joins with `|`."""


class Number:
    """An enum, as an annotation names it."""

    def __init__(self, descriptor: EnumDescriptor) -> None:
        self.descriptor = descriptor

    def __eq__(self, other: object) -> bool:
        return getattr(other, "DESCRIPTOR", None) is self.descriptor

    def __repr__(self) -> str:
        return self.descriptor.full_name


def python_name(name: str) -> str:
    """Return a name as Python can write it: keywords get an underscore."""
    return f"{name}_" if keyword.iskeyword(name) else name


class Stub:
    """One `.pyi`, its annotations evaluated in the module that it describes."""

    def __init__(self, module: ModuleType) -> None:
        assert module.__file__ is not None
        self.module = module
        self.tree = ast.parse(Path(module.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
        self.names: dict[str, Any] = dict(vars(module))
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom):
                for name in node.names:
                    self.names[name.asname or name.name] = self._imported(str(node.module), name.name)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.names[node.targets[0].id] = eval(ast.unparse(node.value), self.names)

    def _imported(self, source: str, name: str) -> Any:
        if source in (STUBS, "collections.abc", "typing"):
            return Marker(name)
        if source == "builtins":
            return getattr(builtins, name)
        found = importlib.import_module(source)
        return getattr(found, name) if hasattr(found, name) else importlib.import_module(f"{source}.{name}")

    def value(self, node: ast.expr, hidden: set[str]) -> Any:
        """Evaluate an annotation, brackets and unions as tuples; fail where a name is `hidden` by the class."""
        if isinstance(node, ast.Subscript):
            args = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return (self.value(node.value, hidden), *(self.value(arg, hidden) for arg in args))
        if isinstance(node, ast.BinOp):
            sides = self.value(node.left, hidden), self.value(node.right, hidden)
            return Union((*(sides[0] if isinstance(sides[0], Union) else sides[:1]), sides[1]))
        heads = {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}
        assert not heads & hidden, f"{ast.unparse(node)} stands where {heads & hidden} means something else"
        return eval(ast.unparse(node), self.names)


def differences(stub: Stub) -> Iterator[str]:
    """Yield the differences between a stub and its module."""
    file = descriptor_of(stub.module)
    for message in file.message_types_by_name.values():
        yield from message_differences(stub, stub.tree.body, stub.module, message)
    for enum in file.enum_types_by_name.values():
        yield from enum_differences(stub, stub.tree.body, stub.module, enum)


def declared(body: list[ast.stmt]) -> dict[str, ast.expr]:
    return {
        node.target.id: node.annotation
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def class_of(body: list[ast.stmt], name: str) -> ast.ClassDef:
    return next(node for node in body if isinstance(node, ast.ClassDef) and node.name == python_name(name))


def enum_differences(stub: Stub, body: list[ast.stmt], holder: Any, enum: EnumDescriptor) -> Iterator[str]:
    found = getattr(holder, python_name(enum.name))
    beside, inside = declared(body), declared(class_of(body, enum.name).body)
    hidden = {*dir(EnumTypeWrapper), "DESCRIPTOR"}
    reached = {python_name(value.name) for value in enum.values if value.name not in hidden}
    if reached != set(inside):
        yield f"{enum.full_name}: the stub has {sorted(inside)}"
    for value in enum.values:
        name = python_name(value.name)
        if value.number != getattr(holder, name) or (name in inside and value.number != getattr(found, name)):
            yield f"{enum.full_name}.{name} is not {value.number}"
        if Number(enum) != stub.value(beside[name], set()):
            yield f"{enum.full_name}.{name} has another type in the stub"
    if any(Number(enum) != stub.value(annotation, set(inside)) for annotation in inside.values()):
        yield f"{enum.full_name}: a value has another type in the stub"


def message_differences(stub: Stub, body: list[ast.stmt], holder: Any, message: Descriptor) -> Iterator[str]:
    node = class_of(body, message.name)
    if getattr(holder, python_name(message.name)) is not GetMessageClass(message):
        yield f"{message.full_name} is not at its place"
    inside = declared(node.body)
    nested = {found.name for found in node.body if isinstance(found, ast.ClassDef)}
    hidden = set(inside) | nested
    made = next(found for found in node.body if isinstance(found, ast.FunctionDef) and found.name == "__init__")
    taken = {arg.arg: arg.annotation for arg in made.args.kwonlyargs}
    plain = [field for field in message.fields if python_name(field.name) == field.name and field.name not in METHODS]
    more = len(plain) < len(message.fields)
    if {field.name for field in plain} != set(taken) or more != (made.args.kwarg is not None):
        yield f"{message.full_name}: the constructor takes {sorted(taken)}"
    for field in plain:
        annotation = taken[field.name]
        assert annotation is not None
        if stub.value(inside[field.name], hidden) != expected(field):
            yield f"{field.full_name}: {ast.unparse(inside[field.name])} is not {expected(field)}"
        if stub.value(annotation, hidden) != argument(field):
            yield f"{field.full_name}: the constructor takes {ast.unparse(annotation)}"
        sample(message, field)
    values = {python_name(value.name) for enum in message.enum_types for value in enum.values}
    extensions = {extension.name for extension in message.extensions}
    if set(inside) != {field.name for field in plain} | values | extensions:
        yield f"{message.full_name}: the stub has {sorted(inside)}"
    own = getattr(holder, python_name(message.name))
    for enum in message.enum_types:
        yield from enum_differences(stub, node.body, own, enum)
    for inner in message.nested_types:
        if not inner.GetOptions().map_entry:
            yield from message_differences(stub, node.body, own, inner)


def one(field: FieldDescriptor) -> Any:
    if field.message_type is not None:
        return GetMessageClass(field.message_type)
    return Number(field.enum_type) if field.enum_type is not None else type(field.default_value)


def scalar(field: FieldDescriptor) -> Any:
    """Return the type of a single value; the default of a repeated field would be a list."""
    if field.message_type is None and field.enum_type is None:
        kinds = {"STRING": str, "BYTES": bytes, "BOOL": bool, "DOUBLE": float, "FLOAT": float}
        names = {getattr(FieldDescriptor, f"TYPE_{name}"): kind for name, kind in kinds.items()}
        return names.get(field.type, int)
    return one(field)


def map_entry(field: FieldDescriptor) -> tuple[FieldDescriptor, FieldDescriptor] | None:
    entry = field.message_type
    if entry is None or not entry.GetOptions().map_entry:
        return None
    return entry.fields_by_name["key"], entry.fields_by_name["value"]


def expected(field: FieldDescriptor) -> Any:
    """Return the type that reading a field gives."""
    both = map_entry(field)
    if both is not None:
        kind = "MessageMap" if both[1].message_type is not None else "ScalarMap"
        return (kind, scalar(both[0]), scalar(both[1]))
    if field.is_repeated:
        return ("RepeatedMessage" if field.message_type is not None else "Repeated", scalar(field))
    return one(field)


def argument(field: FieldDescriptor) -> Union:
    """Return the type that the constructor takes for a field; for an enum also its number or name."""
    both = map_entry(field)
    if both is not None:
        return Union((("Mapping", scalar(both[0]), argument_type(both[1])), None))
    if field.is_repeated:
        return Union((("Iterable", argument_type(field)), None))
    taken = argument_type(field)
    return Union((*(taken if isinstance(taken, Union) else (taken,)), None))


def argument_type(field: FieldDescriptor) -> Any:
    return Union((one(field), int, str)) if field.enum_type is not None else scalar(field)


def sample(message: Descriptor, field: FieldDescriptor) -> None:
    """Make a message with the field as the stub allows it, read it again and compare."""
    if field.message_type is not None and field.message_type.full_name == message.full_name and not field.is_repeated:
        return
    both = map_entry(field)
    if both is not None:
        given: Any = {scalar(both[0])("1"): value_of(both[1])}
    else:
        given = [value_of(field)] if field.is_repeated else value_of(field)
    read = getattr(GetMessageClass(message)(**{field.name: given}), field.name)
    assert (dict(read) if both else list(read) if field.is_repeated else read) == given, field.full_name


def value_of(field: FieldDescriptor) -> Any:
    if field.message_type is not None:
        return GetMessageClass(field.message_type)()
    if field.enum_type is not None:
        return field.enum_type.values[0].number
    return b"1" if scalar(field) is bytes else scalar(field)("1")


def main(folders: list[str]) -> int:
    """Import and compare; return 1 when there are differences."""
    wrong: list[str] = []
    descriptors: list[str] = []
    for bundled in ("google.api", "google.rpc"):  # else modules of googleapis are those of a library
        sys.modules[bundled] = None  # type: ignore[assignment]
    for folder in folders:
        sys.path.insert(0, folder)
        package = next(path.parent.name for path in Path(folder).glob("*/server.py"))
        for name in sorted(found.name for found in pkgutil.walk_packages([f"{folder}/{package}"], f"{package}.")):
            if name.endswith("__main__"):
                continue
            module = importlib.import_module(name)
            if name.endswith("_pb2"):
                proto = FileDescriptorProto()
                descriptor_of(module).CopyToProto(proto)
                descriptors.append(f"{name} {base64.b64encode(proto.SerializeToString(deterministic=True)).decode()}")
                wrong += differences(Stub(module))
    print("\n".join([*wrong, *descriptors]))
    return 1 if wrong else 0


def descriptor_of(module: ModuleType) -> Any:
    """Return the descriptor of the module's file, although a value of an enum may be called DESCRIPTOR."""
    if hasattr(module.DESCRIPTOR, "CopyToProto"):
        return module.DESCRIPTOR
    return next(value.DESCRIPTOR.file for value in vars(module).values() if hasattr(value, "DESCRIPTOR"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
