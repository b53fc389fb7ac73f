"""Modules for the messages of proto files, which servers and clients share."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto

from mallgen.diagnostics import Diagnostic
from mallgen.emit.pyi import Stub
from mallgen.emit.service import init
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from mallgen.proto.model import Declared, MessageRef, ProtoContract, ProtoFile, is_googles, is_known
from mallgen.python import names
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import Imports, docstring, literal
from mallgen.python.render import Renderer

_SENDING = "SerializeToString"


class Modules(NamedTuple):
    """The modules that hold the messages of a contract; `package` is the pb package, such as `order_rpc.pb`.

    The proto files in `moved` have their modules in its subpackage `under`, because another contract already has
    different modules of these names in the package itself.
    """

    package: Code
    moved: frozenset[str] = frozenset()
    under: Code = Code("")

    def module(self, file: str) -> Code:
        """Return the module of a proto file."""
        if is_known(file):
            return google_module(file)
        *folders, leaf = file.removesuffix(".proto").split("/")
        above = [self.under] if file in self.moved else []
        parts = [*above, *(names.module(folder) for folder in folders), Code(f"{names.snake(leaf)}_pb2")]
        return Code(".".join([self.package, *parts]))


def google_module(file: str) -> Code:
    """Return the module of one of Google's own files; raise ValueError for a path that makes no module name."""
    parts = [PyIdent(part) for part in file.removesuffix(".proto").split("/")]
    return Code(f"{'.'.join(parts)}_pb2")


class Uses:
    """Imports messages into one generated file, whose own names are `taken`.

    A message whose name is taken is imported with its module's name in front.
    """

    def __init__(self, where: Modules, imports: Imports, taken: Iterable[str]) -> None:
        self._where = where
        self._imports = imports
        self._taken = set(taken)
        self._locals: dict[tuple[str, str], str] = {}

    def type(self, ref: MessageRef) -> Code:
        """Return the expression for a message or enum, and import its outermost class."""
        top, *rest = (names.message(part) for part in ref.path)
        module = self._where.module(ref.file)
        local = self._locals.get((module, top))
        if local is None:
            local = str(top)
            if local in self._taken:
                local = names.class_name(f"{module.rpartition('.')[2].removesuffix('_pb2')}_{top}")
            while local in self._taken:
                local = f"{local}_"
            self._locals[module, top] = local
            self._taken.add(local)
        return Code(".".join([self._imports.add(module, top, local), *rest]))


def modules(contract: ProtoContract, where: Modules, root: str, renderer: Renderer) -> Iterator[File]:
    """Yield the files of the pb package in the folder `root` (`order_rpc/pb`)."""
    folders = {""}
    for file in contract.files:
        if not file.ours:
            continue
        path = where.module(file.name).removeprefix(f"{where.package}.").replace(".", "/")
        parts = path.split("/")[:-1]
        folders |= {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
        span = file.start
        yield File(f"{root}/{path}.py", _module(file, where, renderer), Owner.ALWAYS, Role("messages", file.name), span)
        stub = _stub(file, where, contract.types, renderer)
        yield File(f"{root}/{path}.pyi", stub, Owner.ALWAYS, Role("types", file.name), span)
    for folder in sorted(folders):
        path = f"{root}/{folder}".rstrip("/")
        yield init(path, f"{root}/{folder}", "The messages of the proto files.", renderer)


def _module(file: ProtoFile, where: Modules, renderer: Renderer) -> str:
    descriptor = file.descriptor
    renamed = list(_renamed(Code("names"), descriptor.message_type, descriptor.enum_type))
    rendered = renderer.python if renamed else renderer.compiled
    needed = sorted({where.module(name) for name in file.dependencies})
    return rendered(
        "proto/pb2.py",
        module_docstring=docstring([f"The messages of {file.name}."], 0),
        libraries=[name for name in needed if not name.startswith(f"{where.package}.")],
        needed=[name for name in needed if name.startswith(f"{where.package}.")],
        data=literal(descriptor.SerializeToString(deterministic=True)),
        renamed=renamed,
        google=[google_module(file.name)] if is_googles(file.name) else [],
    )


def _stub(file: ProtoFile, where: Modules, types: dict[str, MessageRef], renderer: Renderer) -> str:
    writer = Stub(file, where.module, types, where.package)
    body = writer.lines()
    return renderer.stub(
        "proto/pb2.pyi",
        module_docstring=docstring([f"The types of {file.name}."], 0),
        imports=writer.imports.lines(),
        body=body,
    )


def _renamed(
    holder: Code, messages: Sequence[DescriptorProto], enums: Sequence[EnumDescriptorProto], nested: bool = False
) -> Iterator[Code]:
    """Yield statements that add a name for each class or value named like a keyword: `None_` beside `None`."""

    def target(name: str) -> Code:
        return Code(f"{holder}.{PyIdent(name)}") if nested else Code(f"{holder}[{literal(name)}]")

    def current(name: str) -> Code:
        return Code(f"getattr({holder}, {literal(name)})") if nested else target(name)

    for name in (*(message.name for message in messages), *(enum.name for enum in enums)):
        if names.message(name) != name:
            yield Code(f"{target(names.message(name))} = {current(name)}")
    for enum in enums:
        for value in enum.value:
            if names.message(value.name) != value.name:
                in_class = Code(f"{target(names.message(enum.name))}.{names.message(value.name)}")
                yield Code(f"{in_class} = {target(names.message(value.name))} = {current(value.name)}")
    for message in messages:
        own = target(names.message(message.name))
        yield from _renamed(own, message.nested_type, message.enum_type, nested=True)


def problems(contract: ProtoContract) -> Iterator[Diagnostic]:
    """Yield diagnostics for names that collide in Python, and for fields that would hide `SerializeToString`."""
    claims = names.Claims("module", "rename one of the files")
    for file in contract.files:
        if file.ours:
            parts = Modules(Code("pb")).module(file.name).split(".")
            for count in range(2, len(parts)):
                claims.share(".".join(parts[:count]), "/".join(parts[1:count]), file.start)
            claims.claim(".".join(parts), file.name, file.start)
            yield from _file_problems(file)
    yield from claims.problems


def _file_problems(file: ProtoFile) -> Iterator[Diagnostic]:
    claims = names.Claims("name", "rename one of them")
    seen: dict[str, Declared] = {}
    for declared in file.declared():
        name = ".".join([*declared.around, names.message(declared.name)])
        other = seen.setdefault(name, declared)
        if other is not declared:
            claims.claim(name, other.name, file.comments.at(other.path))
            claims.claim(name, declared.name, file.comments.at(declared.path))
        if declared.is_field and declared.name == _SENDING:
            message = f"a field called `{_SENDING}` would hide the method that sends the message"
            span = file.comments.at(declared.path)
            yield Diagnostic("taken-name", message, span, "rename it; json_name keeps its name in JSON")
    yield from claims.problems
