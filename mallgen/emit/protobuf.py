"""Modules for the messages of proto files, for every emitter that needs them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FieldDescriptorProto

from mallgen import names
from mallgen.proto import MessageRef, ProtoContract, ProtoFile, is_known
from mallgen.pycode import Imports, call, docstring, literal
from mallgen.render import Renderer
from mallgen.tree import File, Owner

_MESSAGE = "mallgen_runtime.rpc.message"
_MESSAGES, _ENUMS, _NESTED, _NESTED_ENUMS, _FIELDS = 4, 5, 3, 4, 2
_F = FieldDescriptorProto
_SCALARS = {
    **dict.fromkeys((_F.TYPE_DOUBLE, _F.TYPE_FLOAT), "float"),
    **dict.fromkeys((_F.TYPE_STRING,), "str"),
    **dict.fromkeys((_F.TYPE_BYTES,), "bytes"),
    **dict.fromkeys((_F.TYPE_BOOL,), "bool"),
}


class Modules(NamedTuple):
    """Where the messages of a contract live: `package` is the pb package, `order_rpc.pb`.

    The files in `moved` live in the folder `under` of it, because another contract has others of that name there.
    """

    package: str
    moved: frozenset[str] = frozenset()
    under: str = ""

    def module(self, file: str) -> str:
        """The module of a proto file."""
        if is_known(file):
            return file.removesuffix(".proto").replace("/", ".") + "_pb2"
        *folders, leaf = file.removesuffix(".proto").split("/")
        above = [self.under] if file in self.moved else []
        parts = [*above, *(names.module(folder) for folder in folders), f"{names.snake(leaf)}_pb2"]
        return ".".join([self.package, *parts])


class Uses:
    """The messages that one generated file imports; a name that the file has already gets the module's in front."""

    def __init__(self, where: Modules, imports: Imports, taken: Iterable[str]) -> None:
        self._where = where
        self._imports = imports
        self._owners = dict.fromkeys(taken, "")

    def type(self, ref: MessageRef) -> str:
        """The expression for a message, its outermost class imported."""
        top, *rest = (names.message(part) for part in ref.path)
        module = self._where.module(ref.file)
        local = top
        if self._owners.setdefault(top, module) != module:
            local = names.class_name(f"{module.rpartition('.')[2].removesuffix('_pb2')}_{top}")
        return ".".join([self._imports.add(module, top, local), *rest])


def prose(comment: str) -> list[str]:
    """A proto comment as lines."""
    lines = [line.strip() for line in comment.strip("\n").split("\n")]
    return lines if any(lines) else []


def modules(contract: ProtoContract, where: Modules, root: str, renderer: Renderer) -> Iterator[File]:
    """The pb package below `root` (`order_rpc/pb`)."""
    folders = {""}
    for file in contract.files:
        if not file.ours:
            continue
        path = where.module(file.name).removeprefix(f"{where.package}.").replace(".", "/")
        parts = path.split("/")[:-1]
        folders |= {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
        yield File(f"{root}/{path}.py", _module(file, where, renderer), Owner.ALWAYS, f"messages {file.name}")
        yield File(
            f"{root}/{path}.pyi", _stub(file, where, contract.types, renderer), Owner.ALWAYS, f"types {file.name}"
        )
    for folder in sorted(folders):
        text = renderer.python("http/init.py", docstring=docstring(["The messages of the proto files."], 0))
        yield File(f"{root}/{folder}/__init__.py".replace("//", "/"), text, Owner.ALWAYS, f"package {root}/{folder}")


def _module(file: ProtoFile, where: Modules, renderer: Renderer) -> str:
    needed = [where.module(name) for name in file.dependencies]
    renamed = [
        (names.message(m.name), literal(m.name))
        for m in file.descriptor.message_type
        if names.message(m.name) != m.name
    ]
    data = file.descriptor.SerializeToString(deterministic=True)
    return renderer.python(
        "proto/pb2.py",
        module_docstring=docstring([f"The messages of {file.name}."], 0),
        needed=needed,
        data=repr(data),
        renamed=renamed,
    )


def _stub(file: ProtoFile, where: Modules, types: dict[str, MessageRef], renderer: Renderer) -> str:
    writer = _Stub(file, where, types)
    body = writer.lines()
    return renderer.python(
        "proto/pb2.pyi",
        module_docstring=docstring([f"The types of {file.name}."], 0),
        imports=writer.imports.lines(),
        body=body,
    )


class _Stub:
    """Writes the classes of one file as a type checker should see them."""

    def __init__(self, file: ProtoFile, where: Modules, types: dict[str, MessageRef]) -> None:
        self.file = file
        self.types = types
        self.where = where
        self.imports = Imports(where.package.partition(".")[0])
        self.imports.add("typing", "Any")

    def lines(self) -> list[str]:
        found = ["DESCRIPTOR: Any"]
        for index, enum in enumerate(self.file.descriptor.enum_type):
            found += ["", *self._enum(enum, (_ENUMS, index), 0)]
        for index, message in enumerate(self.file.descriptor.message_type):
            found += ["", *self._message(message, (_MESSAGES, index), 0)]
        return found

    def _enum(self, enum: EnumDescriptorProto, path: tuple[int, ...], indent: int) -> list[str]:
        pad, name = " " * indent, names.message(enum.name)
        values = [
            value.name for value in enum.value if value.name.isidentifier() and names.message(value.name) == value.name
        ]
        inner = [*self._doc(path, indent + 4), *(f"{pad}    {value}: {name}" for value in values)]
        methods = [
            f"{pad}    @classmethod",
            f"{pad}    def Name(cls, number: int) -> str: ...",
            f"{pad}    @classmethod",
            f"{pad}    def Value(cls, name: str) -> {name}: ...",
        ]
        return [f"{pad}class {name}(int):", *inner, *methods, *(f"{pad}{value}: {name}" for value in values)]

    def _message(self, message: DescriptorProto, path: tuple[int, ...], indent: int) -> list[str]:
        pad = " " * indent
        base = self.imports.add(_MESSAGE, "Message")
        found = [f"{pad}class {names.message(message.name)}({base}):", *self._doc(path, indent + 4)]
        for index, enum in enumerate(message.enum_type):
            found += self._enum(enum, (*path, _NESTED_ENUMS, index), indent + 4)
        entries = {inner.name: inner for inner in message.nested_type if inner.options.map_entry}
        for index, inner in enumerate(message.nested_type):
            if inner.name not in entries:
                found += self._message(inner, (*path, _NESTED, index), indent + 4)
        fields = [field for field in message.field if names.message(field.name) == field.name]
        found += [f"{pad}    {field.name}: {self._type(field, entries)}" for field in fields]
        args = ["self", *(["*"] if fields else []), *(self._argument(field, entries) for field in fields)]
        found.append(f"{pad}    " + call("def __init__(", args, ") -> None: ...", indent + 4))
        return found

    def _doc(self, path: tuple[int, ...], indent: int) -> list[str]:
        lines = prose(self.file.comments.texts.get(path, ""))
        return [" " * indent + docstring(lines, indent)] if lines else []

    def _type(self, field: FieldDescriptorProto, entries: dict[str, DescriptorProto]) -> str:
        entry = self._entry(field, entries)
        if entry is not None:
            kind = "MessageMap" if entry.field[1].type == _F.TYPE_MESSAGE else "ScalarMap"
            return f"{self.imports.add(_MESSAGE, kind)}[{self._one(entry.field[0])}, {self._one(entry.field[1])}]"
        if field.label == _F.LABEL_REPEATED:
            kind = "RepeatedMessage" if field.type in (_F.TYPE_MESSAGE, _F.TYPE_GROUP) else "Repeated"
            return f"{self.imports.add(_MESSAGE, kind)}[{self._one(field)}]"
        return self._one(field)

    def _argument(self, field: FieldDescriptorProto, entries: dict[str, DescriptorProto]) -> str:
        entry = self._entry(field, entries)
        if entry is not None:
            mapping = self.imports.add("collections.abc", "Mapping")
            kind = f"{mapping}[{self._one(entry.field[0])}, {self._one(entry.field[1])}]"
        elif field.label == _F.LABEL_REPEATED:
            kind = f"{self.imports.add('collections.abc', 'Iterable')}[{self._given(field)}]"
        else:
            kind = self._given(field)
        return f"{field.name}: {kind} | None = ..."

    def _given(self, field: FieldDescriptorProto) -> str:
        return f"{self._one(field)} | int | str" if field.type == _F.TYPE_ENUM else self._one(field)

    @staticmethod
    def _entry(field: FieldDescriptorProto, entries: dict[str, DescriptorProto]) -> DescriptorProto | None:
        return entries.get(field.type_name.rpartition(".")[2]) if field.type == _F.TYPE_MESSAGE else None

    def _one(self, field: FieldDescriptorProto) -> str:
        if field.type in (_F.TYPE_MESSAGE, _F.TYPE_ENUM, _F.TYPE_GROUP):
            return self._named(field.type_name)
        return _SCALARS.get(field.type, "int")

    def _named(self, full: str) -> str:
        """A message or enum by its full name: of this file, or by the module of another one."""
        ref = self.types[full]
        path = ".".join(names.message(part) for part in ref.path)
        if ref.file == self.file.name:
            return path
        package, _, leaf = self.where.module(ref.file).rpartition(".")
        alias = f"{package.replace('.', '_')}_{leaf}"
        return f"{self.imports.add(package, leaf, alias)}.{path}"
