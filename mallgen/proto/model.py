"""Turns a FileDescriptorSet into the ProtoContract that the emitters need: renamed files, services, comments. Pure."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    MethodOptions,
)

from mallgen.diagnostics import Diagnostic, Note
from mallgen.proto.queue_options import queue_options
from mallgen.text.span import Span

Path = tuple[int, ...]
MESSAGES, ENUMS, NESTED, NESTED_ENUMS = 4, 5, 3, 4  # field numbers in descriptor.proto, of which paths are made
_SERVICES, _EXTENSIONS, _METHODS, _FIELDS, _VALUES, _NESTED_EXTENSIONS = 6, 7, 2, 2, 2, 6
_KNOWN = (
    *("any", "api", "compiler/plugin", "descriptor", "duration", "empty", "field_mask", "source_context", "struct"),
    *("timestamp", "type", "wrappers"),
)


class Comments(NamedTuple):
    """The comments and the spans of declarations by their descriptor paths, and the lines of the file.

    The spans are protoc's: from 0, in bytes, with tabs of eight columns; of three numbers when within one line.
    """

    file: str
    texts: dict[Path, str]
    spans: dict[Path, Sequence[int]]
    lines: Sequence[str]

    def at(self, path: Path) -> Span:
        """Return the span of a declaration, the start of the file when protoc gives none."""
        span = self.spans.get(path)
        if span is None:
            return _start(self.file)
        row = span[0]
        if len(span) == 3 and row < len(self.lines) and self.lines[row].isascii() and "\t" not in self.lines[row]:
            return Span(self.file, row + 1, span[1] + 1, row + 1, span[2] + 1)
        end_line, end_col = (span[2], span[3]) if len(span) == 4 else (span[0], span[2])
        start, end = column(self.lines, span[0], span[1]), column(self.lines, end_line, end_col)
        return Span(self.file, span[0] + 1, start, end_line + 1, end)


class Declared(NamedTuple):
    """A name in a proto: of a message, enum, field, extension or enum value; `around` are the messages around it.

    As in protobuf, an enum value belongs to the messages around its enum. `path` is the descriptor path.
    """

    name: str
    around: tuple[str, ...]
    path: Path
    is_field: bool = False
    is_value: bool = False


class ProtoFile(NamedTuple):
    """One `.proto` file. `name` is the author's; the descriptor has names made of content hashes, of its imports too.

    Python has one pool of descriptors, in which two different files cannot have one name: `common.proto` of two
    services needs two names. Equal files have equal names wherever they lie, and may be registered twice. Google's
    files keep their names, since other libraries of a process register them as well.
    """

    name: str
    descriptor: FileDescriptorProto
    dependencies: tuple[str, ...]
    comments: Comments

    @property
    def ours(self) -> bool:
        """Return whether a module is generated for the file; those of protobuf's own files come with protobuf."""
        return not is_known(self.name)

    @property
    def start(self) -> Span:
        """The span of the file's first character."""
        return _start(self.comments.file)

    def declared(self) -> Iterator[Declared]:
        """Yield every name that the file declares, without services and the entry messages of maps."""
        yield from self._extensions(self.descriptor.extension, (), (_EXTENSIONS,))
        yield from self._enums(self.descriptor.enum_type, (), (ENUMS,))
        for index, message in enumerate(self.descriptor.message_type):
            yield from self._declared(message, (), (MESSAGES, index))

    def _declared(self, message: DescriptorProto, around: tuple[str, ...], path: Path) -> Iterator[Declared]:
        yield Declared(message.name, around, path)
        inside = (*around, message.name)
        for index, field in enumerate(message.field):
            yield Declared(field.name, inside, (*path, _FIELDS, index), is_field=True)
        yield from self._extensions(message.extension, inside, (*path, _NESTED_EXTENSIONS))
        yield from self._enums(message.enum_type, inside, (*path, NESTED_ENUMS))
        for index, inner in enumerate(message.nested_type):
            if not inner.options.map_entry:
                yield from self._declared(inner, inside, (*path, NESTED, index))

    def _enums(self, enums: Sequence[EnumDescriptorProto], around: tuple[str, ...], path: Path) -> Iterator[Declared]:
        for index, enum in enumerate(enums):
            yield Declared(enum.name, around, (*path, index))
            for number, value in enumerate(enum.value):
                yield Declared(value.name, around, (*path, index, _VALUES, number), is_value=True)

    def _extensions(
        self, extensions: Sequence[FieldDescriptorProto], around: tuple[str, ...], path: Path
    ) -> Iterator[Declared]:
        for index, extension in enumerate(extensions):
            yield Declared(extension.name, around, (*path, index))

    def span_of(self, full: str) -> Span:
        """Return the span of an outermost message or enum by its full name, which has a dot in front."""
        name = full.rpartition(".")[2]
        kinds = {
            MESSAGES: [item.name for item in self.descriptor.message_type],
            ENUMS: [item.name for item in self.descriptor.enum_type],
        }
        for number, declared in kinds.items():
            if name in declared:
                return self.comments.at((number, declared.index(name)))
        return _start(self.comments.file)


class MessageRef(NamedTuple):
    """A reference to a message or enum: its file, and its name after those of the messages around it."""

    file: str
    path: tuple[str, ...]


class Method(NamedTuple):
    """One RPC. `wire` is its path on the wire: `/order.Order/Orders`; `doc` its comment.

    `topic` and `key` are its options of mallgen/queue.proto, empty without them.
    """

    name: str
    wire: str
    request: MessageRef
    reply: MessageRef
    takes_stream: bool
    gives_stream: bool
    idempotent: bool
    doc: str
    span: Span
    topic: str = ""
    key: str = ""


class Service(NamedTuple):
    """A service of a root file; `full_name` has the proto package in front."""

    name: str
    full_name: str
    methods: tuple[Method, ...]
    doc: str
    span: Span


class ProtoContract(NamedTuple):
    """The content of a set of proto files: all files, dependencies first, and the services of the root files.

    `roots` are the files that the user named. `types` has messages and enums by their full name with a dot in front,
    as descriptors spell it.
    """

    package: str
    roots: tuple[str, ...]
    files: tuple[ProtoFile, ...]
    services: tuple[Service, ...]
    types: dict[str, MessageRef]

    @property
    def title(self) -> str:
        """The service's name: the proto package, or the file's name when it has none."""
        return self.package or self.stem

    @property
    def stem(self) -> str:
        """The name of the first root file without its suffix."""
        return self.roots[0].rpartition("/")[2].removesuffix(".proto")

    @property
    def key(self) -> str:
        """The name under which instances are registered: `order.rpc`, as goctl writes it."""
        return f"{self.title.lower()}.rpc"


class Use(NamedTuple):
    """A service that another one calls, by its name in mallgen.toml.

    `key` replaces the contract's key unless empty; `kind` is that of the contract.
    """

    name: str
    contract: ProtoContract
    key: str = ""
    kind: str = "rpc"


class ResolvedProtos(NamedTuple):
    """A contract, None when it has errors, with its diagnostics."""

    contract: ProtoContract | None
    diagnostics: tuple[Diagnostic, ...]


_HTTP = b"\x82\xd3\xe4\x93\x02"  # the tag of google.api.http, extension 72295728 of MethodOptions


def is_known(name: str) -> bool:
    """Return whether the file comes with protobuf itself."""
    return name.removeprefix("google/protobuf/").removesuffix(".proto") in _KNOWN and name.startswith("google/")


def is_googles(name: str) -> bool:
    """Return whether the file is one of https://github.com/googleapis/googleapis, which other libraries have too."""
    return name.startswith("google/") and not is_known(name)


class ProtoOrigin(NamedTuple):
    """The path of a proto file, as the user names it, and its text."""

    path: str
    text: str


def resolve(
    descriptors: bytes, roots: Sequence[str], origins: Mapping[str, ProtoOrigin], for_service: bool = True
) -> ResolvedProtos:
    """Resolve a serialized descriptor set with source info to the contract of the services in `roots`.

    `for_service`: it is an error when no service can be made of them.
    """
    files = tuple(_renamed(FileDescriptorSet.FromString(descriptors), origins))
    types = {full: ref for file in files for full, ref in _types(file)}
    by_name = {file.name: file for file in files}
    services = tuple(service for root in roots for service in _services(by_name[root], types))
    package = by_name[roots[0]].descriptor.package
    problems = tuple(_problems(roots, by_name, services)) if for_service else ()
    contract = ProtoContract(package, tuple(roots), files, services, types)
    ignored = tuple(_http(by_name[root]) for root in roots)
    return ResolvedProtos(
        None if problems else contract, (*problems, *(warning for warning in ignored if warning is not None))
    )


def _problems(
    roots: Sequence[str], by_name: dict[str, ProtoFile], services: tuple[Service, ...]
) -> Iterator[Diagnostic]:
    if not services:
        hint = "declare one: service Order { rpc Orders(OrdersRequest) returns (OrdersResponse); }"
        yield Diagnostic("no-service", f"there is no service in {', '.join(roots)}", hint=hint)
    for root in roots[1:]:
        if by_name[root].descriptor.package != by_name[roots[0]].descriptor.package:
            message = f"`{root}` is in another package than `{roots[0]}`: they make two services"
            yield Diagnostic("two-packages", message, hint="run the command once for each")
    seen: dict[str, Service] = {}
    for service in services:
        other = seen.setdefault(service.name, service)
        if other is not service:
            note = Note(other.span, "declared here first")
            yield Diagnostic(
                "duplicate-service", f"service `{service.name}` is declared twice", service.span, "", (note,)
            )


def _http(file: ProtoFile) -> Diagnostic | None:
    """Return a warning about the first method with `google.api.http`, found by its tag without that extension."""
    for index, service in enumerate(file.descriptor.service):
        for number, method in enumerate(service.method):
            if _HTTP in method.options.SerializeToString():
                message = f"`google.api.http` of `{method.name}` makes no HTTP route"
                hint = "write a .api for the routes, and name this service in its `uses`"
                span = file.comments.at((_SERVICES, index, _METHODS, number))
                return Diagnostic("http-option", message, span, hint, severity="warning")
    return None


def _renamed(descriptors: FileDescriptorSet, origins: Mapping[str, ProtoOrigin]) -> Iterator[ProtoFile]:
    names: dict[str, str] = {}
    for original in descriptors.file:
        comments = _comments(original, origins.get(original.name, ProtoOrigin(original.name, "")))
        name = original.name
        copy = FileDescriptorProto()
        copy.CopyFrom(original)
        copy.ClearField("source_code_info")
        if not is_known(name):
            copy.dependency[:] = [names[dependency] for dependency in copy.dependency]
            if not is_googles(name):
                copy.ClearField("name")
                digest = hashlib.sha256(copy.SerializeToString(deterministic=True)).hexdigest()
                copy.name = f"mallgen/{digest[:32]}.proto"
        names[name] = copy.name
        yield ProtoFile(name, copy, tuple(original.dependency), comments)


def prose(comment: str) -> list[str]:
    """Return the lines of a proto comment without those for mallgen, none for an empty one."""
    said = [line.strip() for line in comment.strip("\n").split("\n")]
    lines = [line for line in said if not line.startswith("mallgen:")]
    return lines if any(lines) else []


def _comments(file: FileDescriptorProto, origin: ProtoOrigin) -> Comments:
    texts: dict[Path, str] = {}
    spans: dict[Path, Sequence[int]] = {}
    for location in file.source_code_info.location:
        path = tuple(location.path)
        text = location.leading_comments or location.trailing_comments
        if text.strip():
            texts[path] = text
        spans[path] = location.span
    return Comments(origin.path, texts, spans, origin.text.split("\n"))


def column(lines: Sequence[str], row: int, before: int) -> int:
    """Return the column in characters, from 1, of protoc's column `before`: from 0, in bytes, with tabs of eight."""
    line = lines[row] if row < len(lines) else ""
    if line.isascii() and "\t" not in line:
        return before + 1
    seen = 0
    for index, char in enumerate(line):
        if seen >= before:
            return index + 1
        seen += 8 - seen % 8 if char == "\t" else len(char.encode("utf-8", "replace"))
    return len(line) + 1 + max(0, before - seen)


def _types(file: ProtoFile) -> Iterator[tuple[str, MessageRef]]:
    prefix = f".{file.descriptor.package}" if file.descriptor.package else ""
    for enum in file.descriptor.enum_type:
        yield f"{prefix}.{enum.name}", MessageRef(file.name, (enum.name,))
    for message in file.descriptor.message_type:
        yield from _nested(message, prefix, (), file.name)


def _nested(
    message: DescriptorProto, prefix: str, around: tuple[str, ...], file: str
) -> Iterator[tuple[str, MessageRef]]:
    path = (*around, message.name)
    yield f"{prefix}.{'.'.join(path)}", MessageRef(file, path)
    for enum in message.enum_type:
        yield f"{prefix}.{'.'.join(path)}.{enum.name}", MessageRef(file, (*path, enum.name))
    for inner in message.nested_type:
        yield from _nested(inner, prefix, path, file)


def _services(file: ProtoFile, messages: dict[str, MessageRef]) -> Iterator[Service]:
    package = file.descriptor.package
    for index, service in enumerate(file.descriptor.service):
        path = (_SERVICES, index)
        full = f"{package}.{service.name}" if package else service.name
        methods = tuple(
            _method(method, full, messages, file.comments, (*path, _METHODS, number))
            for number, method in enumerate(service.method)
        )
        yield Service(service.name, full, methods, file.comments.texts.get(path, ""), file.comments.at(path))


def _method(
    method: MethodDescriptorProto, full: str, messages: dict[str, MessageRef], comments: Comments, path: Path
) -> Method:
    return Method(
        method.name,
        f"/{full}/{method.name}",
        messages[method.input_type],
        messages[method.output_type],
        method.client_streaming,
        method.server_streaming,
        method.options.idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN,
        comments.texts.get(path, ""),
        comments.at(path),
        *queue_options(method.options),
    )


def _start(file: str) -> Span:
    return Span(file, 1, 1, 1, 2)
