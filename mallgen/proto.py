"""From a FileDescriptorSet to what the emitters need: files under names of their own, services, comments."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

from mallgen.diagnostics import Diagnostic, Note
from mallgen.model import Span

Path = tuple[int, ...]
_MESSAGES, _SERVICES, _METHODS, _FIELDS, _NESTED = 4, 6, 2, 2, 3


class Comments(NamedTuple):
    """What stands in comments, and where things are, by descriptor path."""

    file: str
    texts: dict[Path, str]
    places: dict[Path, Span]


class ProtoFile(NamedTuple):
    """One `.proto` file. `name` is the author's; the descriptor's own name and its dependencies' are unique by content.

    Registering two different files under one name fails in Python's one pool, so `common.proto` of two services needs
    two names; the same content has the same name everywhere and may be registered twice.
    """

    name: str
    descriptor: FileDescriptorProto
    dependencies: tuple[str, ...]
    comments: Comments

    @property
    def ours(self) -> bool:
        """Whether a module is generated for it; google's own come with protobuf."""
        return not is_known(self.name)


class MessageRef(NamedTuple):
    """A message or enum: the file it is in, and its name with the messages around it."""

    file: str
    path: tuple[str, ...]


class Method(NamedTuple):
    """One RPC. `wire` is its path on the wire: `/order.Order/Orders`."""

    name: str
    wire: str
    request: MessageRef
    reply: MessageRef
    takes_stream: bool
    gives_stream: bool
    doc: str
    span: Span


class Service(NamedTuple):
    """A service of a root file; `full_name` has the proto package in front."""

    name: str
    full_name: str
    methods: tuple[Method, ...]
    doc: str
    span: Span


class ProtoContract(NamedTuple):
    """What a set of proto files says: all files, dependencies first, and the services of the named ones.

    `types` finds messages and enums by their full name with a dot in front, as descriptors spell it.
    """

    package: str
    roots: tuple[str, ...]
    files: tuple[ProtoFile, ...]
    services: tuple[Service, ...]
    types: dict[str, MessageRef]


class Resolved(NamedTuple):
    """A contract, or what is wrong with it."""

    contract: ProtoContract | None
    diagnostics: tuple[Diagnostic, ...]


def is_known(name: str) -> bool:
    """Whether protobuf itself brings the file."""
    return name.startswith("google/protobuf/")


def resolve(descriptors: bytes, roots: Sequence[str]) -> Resolved:
    """Read a descriptor set with source info; `roots` are the files whose services are wanted."""
    found = FileDescriptorSet.FromString(descriptors)
    files = tuple(_renamed(found))
    types = {full: ref for file in files for full, ref in _types(file)}
    by_name = {file.name: file for file in files}
    services = tuple(service for root in roots for service in _services(by_name[root], types))
    package = by_name[roots[0]].descriptor.package
    problems = tuple(_problems(roots, by_name, services))
    contract = ProtoContract(package, tuple(roots), files, services, types)
    return Resolved(None if problems else contract, problems)


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


def _renamed(found: FileDescriptorSet) -> Iterator[ProtoFile]:
    names: dict[str, str] = {}
    for original in found.file:
        comments = _comments(original)
        name = original.name
        copy = FileDescriptorProto()
        copy.CopyFrom(original)
        copy.ClearField("source_code_info")
        if not is_known(name):
            copy.dependency[:] = [names[dependency] for dependency in copy.dependency]
            digest = hashlib.sha256(copy.SerializeToString(deterministic=True)).hexdigest()
            copy.name = f"mallgen/{digest[:16]}/{name}"
        names[name] = copy.name
        yield ProtoFile(name, copy, tuple(original.dependency), comments)


def _comments(file: FileDescriptorProto) -> Comments:
    texts: dict[Path, str] = {}
    places: dict[Path, Span] = {}
    for location in file.source_code_info.location:
        path = tuple(location.path)
        text = location.leading_comments or location.trailing_comments
        if text.strip():
            texts[path] = text
        span = list(location.span)
        end_line, end_col = (span[2], span[3]) if len(span) == 4 else (span[0], span[2])
        places[path] = Span(file.name, span[0] + 1, span[1] + 1, end_line + 1, end_col + 1)
    return Comments(file.name, texts, places)


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
    start = Span(file.name, 1, 1, 1, 2)
    for index, service in enumerate(file.descriptor.service):
        path = (_SERVICES, index)
        full = f"{package}.{service.name}" if package else service.name
        methods = tuple(
            _method(method, full, messages, file.comments, (*path, _METHODS, number))
            for number, method in enumerate(service.method)
        )
        places = file.comments.places
        yield Service(service.name, full, methods, file.comments.texts.get(path, ""), places.get(path, start))


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
        comments.texts.get(path, ""),
        comments.places.get(path, Span(comments.file, 1, 1, 1, 2)),
    )
