"""The `_pb2.pyi` of a proto file: its messages as a type checker sees them."""

import builtins
from collections.abc import Callable, Set

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FieldDescriptorProto

from mallgen.proto.model import ENUMS, MESSAGES, NESTED, NESTED_ENUMS, MessageRef, Path, ProtoFile, prose
from mallgen.python import names
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import Imports, call, docstring

_MESSAGE = "mallgen_runtime.rpc.message"
_ENUM_HAS = frozenset({"DESCRIPTOR", "Name", "Value", "items", "keys", "values"})
_F = FieldDescriptorProto
_SCALARS = {
    **dict.fromkeys((_F.TYPE_DOUBLE, _F.TYPE_FLOAT), "float"),
    **dict.fromkeys((_F.TYPE_STRING,), "str"),
    **dict.fromkeys((_F.TYPE_BYTES,), "bytes"),
    **dict.fromkeys((_F.TYPE_BOOL,), "bool"),
}


class Stub:
    """Writes the classes of one proto file.

    Inside a class, its fields hide names of the module: with a field `int`, the type of the next field could not be
    written as `int`. Every name that a class or the module declares is therefore referred to by an alias.
    """

    def __init__(
        self, file: ProtoFile, module: Callable[[str], Code], types: dict[str, MessageRef], package: str
    ) -> None:
        self._file = file
        self._module = module
        self._types = types
        declared = tuple(file.declared())
        self._top_names = {names.message(one.name) for one in declared if not one.around}
        # enum values are also attributes of the enum's class
        self._nested_names = {names.message(one.name) for one in declared if one.around or one.is_value}
        self._taken = self._nested_names | self._top_names
        self._aliases: dict[str, PyIdent] = {}
        self.imports = Imports(package.partition(".")[0])

    def lines(self) -> list[Code]:
        """Return the body of the module; `imports` is complete after this call."""
        descriptor = self._file.descriptor
        lines = [] if "DESCRIPTOR" in self._top_names else [Code(f"DESCRIPTOR: {self._import('typing', 'Any')}")]
        for index, enum in enumerate(descriptor.enum_type):
            values = [names.message(value.name) for value in enum.value]
            kind = self._local_class((enum.name,))
            lines += self._enum(enum, (ENUMS, index), (enum.name,))
            lines += [Code(f"{value}: {kind}") for value in values]
        for index, message in enumerate(descriptor.message_type):
            lines += self._message(message, (MESSAGES, index), (message.name,))
        lines += [Code(f"{names.message(one.name)}: {self._import('typing', 'Any')}") for one in descriptor.extension]
        return _spaced([*lines, *(Code(f"{alias} = {PyIdent(name)}") for name, alias in self._aliases.items())])

    def _enum(self, enum: EnumDescriptorProto, path: Path, around: tuple[str, ...]) -> list[Code]:
        kind = self._local_class(around)
        values = [names.message(value.name) for value in enum.value if value.name not in _ENUM_HAS]
        inner = [*self._doc(path, 4 * len(around)), *(Code(f"{value}: {kind}") for value in values)] or [Code("...")]
        head = Code(f"class {names.message(enum.name)}({self._import(_MESSAGE, 'Enum')}):")
        return [Code(), _indented(len(around) - 1, head), *(_indented(len(around), line) for line in inner), Code()]

    def _message(self, message: DescriptorProto, path: Path, around: tuple[str, ...]) -> list[Code]:
        depth = len(around)
        head = Code(f"class {names.message(message.name)}({self._import(_MESSAGE, 'Message')}):")
        lines = [Code(), _indented(depth - 1, head), *(_indented(depth, line) for line in self._doc(path, 4 * depth))]
        for index, enum in enumerate(message.enum_type):
            lines += self._enum(enum, (*path, NESTED_ENUMS, index), (*around, enum.name))
            kind = self._local_class((*around, enum.name))
            lines += [_indented(depth, Code(f"{names.message(value.name)}: {kind}")) for value in enum.value]
        entries = {inner.name: inner for inner in message.nested_type if inner.options.map_entry}
        for index, inner in enumerate(message.nested_type):
            if inner.name not in entries:
                lines += self._message(inner, (*path, NESTED, index), (*around, inner.name))
        fields = [field for field in message.field if names.is_attribute(field.name)]
        declared = [Code(f"{PyIdent(field.name)}: {self._field_type(field, entries)}") for field in fields]
        declared += [Code(f"{names.message(one.name)}: {self._import('typing', 'Any')}") for one in message.extension]
        args = [self._argument(field, entries) for field in fields]
        constructor = self._constructor(args, fields, len(fields) < len(message.field), 4 * depth)
        return [*lines, *(_indented(depth, line) for line in (*declared, constructor)), Code()]

    def _constructor(self, args: list[Code], fields: list[FieldDescriptorProto], more: bool, indent: int) -> Code:
        """Return `__init__`; with `more` it takes `**fields`, for those whose names cannot be parameters."""
        taken = {field.name for field in fields}
        words = [Code("self")] if "self" not in taken else [_free("self", taken), Code("/")]
        words += [Code("*"), *args] if args else []
        words += [Code(f"**{_free('fields', taken)}: {self._import('typing', 'Any')}")] if more else []
        return call("def __init__(", words, ") -> None: ...", indent)

    def _doc(self, path: Path, indent: int) -> list[Code]:
        lines = prose(self._file.comments.texts.get(path, ""))
        return [docstring(lines, indent), Code()] if lines else []

    def _field_type(self, field: FieldDescriptorProto, entries: dict[str, DescriptorProto]) -> Code:
        entry = _map_entry(field, entries)
        if entry is not None:
            kind = "MessageMap" if entry.field[1].type == _F.TYPE_MESSAGE else "ScalarMap"
            return Code(
                f"{self._import(_MESSAGE, kind)}[{self._item_type(entry.field[0])}, {self._item_type(entry.field[1])}]"
            )
        if field.label == _F.LABEL_REPEATED:
            kind = "RepeatedMessage" if field.type in (_F.TYPE_MESSAGE, _F.TYPE_GROUP) else "Repeated"
            return Code(f"{self._import(_MESSAGE, kind)}[{self._item_type(field)}]")
        return self._item_type(field)

    def _argument(self, field: FieldDescriptorProto, entries: dict[str, DescriptorProto]) -> Code:
        entry = _map_entry(field, entries)
        if entry is not None:
            mapping = self._import("collections.abc", "Mapping")
            kind = Code(f"{mapping}[{self._item_type(entry.field[0])}, {self._accepted_type(entry.field[1])}]")
        elif field.label == _F.LABEL_REPEATED:
            kind = Code(f"{self._import('collections.abc', 'Iterable')}[{self._accepted_type(field)}]")
        else:
            kind = self._accepted_type(field)
        return Code(f"{PyIdent(field.name)}: {kind} | None = ...")

    def _accepted_type(self, field: FieldDescriptorProto) -> Code:
        """Return the type that a constructor accepts: for an enum also its number or name."""
        one = self._item_type(field)
        if field.type != _F.TYPE_ENUM:
            return one
        return Code(f"{one} | {self._builtin('int')} | {self._builtin('str')}")

    def _item_type(self, field: FieldDescriptorProto) -> Code:
        if field.type in (_F.TYPE_MESSAGE, _F.TYPE_ENUM, _F.TYPE_GROUP):
            return self._class(field.type_name)
        return self._builtin(_SCALARS.get(field.type, "int"))

    def _class(self, full: str) -> Code:
        """Return the expression for a message or enum by its full name, importing the module of another file."""
        ref = self._types[full]
        if ref.file == self._file.name:
            return self._local_class(ref.path)
        package, _, leaf = self._module(ref.file).rpartition(".")
        alias = _free(f"{package.replace('.', '_')}_{leaf}", self._taken)
        return Code(".".join([self.imports.add(package, leaf, alias), *[names.message(part) for part in ref.path]]))

    def _local_class(self, path: tuple[str, ...]) -> Code:
        top, *rest = [names.message(part) for part in path]
        if top in self._nested_names:
            top = self._aliases.setdefault(top, self._alias(f"{top}_"))
        return Code(".".join([top, *rest]))

    def _builtin(self, name: str) -> PyIdent:
        return self._import("builtins", name) if name in self._taken else PyIdent(name)

    def _import(self, source: str, name: str) -> PyIdent:
        return self.imports.add(source, name, self._alias(name) if name in self._taken else name)

    def _alias(self, name: str) -> PyIdent:
        return _free(f"_{name}", self._taken)


_BUILTINS = frozenset(dir(builtins))


def _free(name: str, taken: Set[str]) -> PyIdent:
    while name in taken or name in _BUILTINS:
        name = f"{name}_"
    return PyIdent(name)


def _spaced(lines: list[Code]) -> list[Code]:
    """Leave one empty line around classes, as black does: none at both ends, none below the head of a class."""
    result: list[Code] = []
    for line in lines:
        if line or (result and result[-1] and not result[-1].endswith(":")):
            result.append(line)
    return result if result[-1] else result[:-1]


def _indented(depth: int, line: Code) -> Code:
    return line and Code(f"{'    ' * depth}{line}")


def _map_entry(field: FieldDescriptorProto, entries: dict[str, DescriptorProto]) -> DescriptorProto | None:
    return entries.get(field.type_name.rpartition(".")[2]) if field.type == _F.TYPE_MESSAGE else None
