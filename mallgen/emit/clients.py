"""Typed clients of RPC services, for the service's own package and for the services that use it; and their files."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto

from mallgen.diagnostics import Diagnostic, Note
from mallgen.emit.calling import QUEUES, RPCS, CalledKind, called_as, client_name, used_services
from mallgen.emit.messages import ClientView, MethodView, listed, reachable
from mallgen.emit.producers import producer
from mallgen.emit.protobuf import Modules, Uses, modules
from mallgen.emit.protobuf import problems as message_problems
from mallgen.emit.service import init
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from mallgen.output.signature import ClassShape
from mallgen.proto.model import Method, ProtoContract, ProtoFile, Use, prose
from mallgen.proto.topics import EMPTY
from mallgen.python import names
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import Imports, call, docstring, exported, literal
from mallgen.python.render import Renderer
from mallgen.text.span import Span

_CLIENT_NAMES = (*("AsyncIterable", "AsyncIterator", "Channel", "__init__", "float", "req", "reqs", "self", "timeout"),)
_START = Span("mallgen.toml", 1, 1, 1, 1)


def client(contract: ProtoContract, where: Modules, renderer: Renderer) -> str:
    """Return a module with a typed client for each service, which also exports the messages its callers need."""
    imports = Imports(where.package.partition(".")[0])
    imports.add(RPCS.library, "Channel")
    clients = {client_name(service): service for service in contract.services}
    methods = [names.variable(method.name) for service in contract.services for method in service.methods]
    uses = Uses(where, imports, [*_CLIENT_NAMES, *clients, *methods])
    views = [
        ClientView(
            name,
            docstring(prose(service.doc) or [f"Calls {service.full_name}."], 4),
            tuple(_method(method, uses, imports) for method in service.methods),
        )
        for name, service in clients.items()
    ]
    used = exported([*clients, *(PyIdent(uses.type(ref)) for ref in reachable(contract))])
    return renderer.python(
        "rpc/client.py",
        module_docstring=docstring([f"Calls {contract.title}; what its callers need is imported from here."], 0),
        imports=imports.lines(),
        exported=listed(used),
        clients=views,
    )


class CallSignature(NamedTuple):
    """The parameter of a method, its name and type (`req`, `OrdersRequest`), and the type it returns."""

    name: PyIdent
    takes: Code
    gives: Code

    @property
    def given(self) -> Code:
        """The parameter with its type: `req: OrdersRequest`."""
        return Code(f"{self.name}: {self.takes}")


def signature(method: Method, uses: Uses, imports: Imports, many: str = "AsyncIterator") -> CallSignature:
    """Return the signature of an RPC; `many` is the class in collections.abc of a stream of requests."""
    request, reply = uses.type(method.request), uses.type(method.reply)
    name, takes, gives = PyIdent("req"), request, reply
    if method.takes_stream:
        name, takes = PyIdent("reqs"), Code(f"{imports.add('collections.abc', many)}[{request}]")
    if method.gives_stream:
        gives = Code(f"{imports.add('collections.abc', 'AsyncIterator')}[{reply}]")
    return CallSignature(name, takes, gives)


def _method(method: Method, uses: Uses, imports: Imports) -> MethodView:
    types = signature(method, uses, imports, "AsyncIterable")
    args = [Code("self"), types.given, Code("*"), Code("timeout: float | None = None")]
    passed = [literal(method.wire), types.name, uses.type(method.reply), Code("timeout")]
    if method.idempotent and not (method.takes_stream or method.gives_stream):
        passed.append(Code("idempotent=True"))
    head, verb = VERBS[method.gives_stream]
    return MethodView(
        call(f"{head} {names.variable(method.name)}(", args, f") -> {types.gives}:", 4),
        docstring(prose(method.doc) or [method.wire], 8),
        call(f"{verb} self._channel.{_KINDS[method.takes_stream, method.gives_stream]}(", passed, indent=8),
    )


_KINDS = {
    (False, False): PyIdent("unary"),
    (False, True): PyIdent("server_stream"),
    (True, False): PyIdent("client_stream"),
    (True, True): PyIdent("two_way"),
}
VERBS = {False: (Code("async def"), Code("return await")), True: (Code("def"), Code("return"))}  # by `gives_stream`


def problems(uses: Sequence[Use], own: Use | None = None, models: Iterable[str] = ()) -> Iterator[Diagnostic]:
    """Yield diagnostics for used services that cannot be in one process.

    `own` is the service of the process itself, `models` are the attributes of its service context that hold models.
    """
    yield from _two_attributes(uses, models)
    modules_ = names.Claims("module below rpc/", "give one of them another name in mallgen.toml")
    modules_.claim("pb", "pb, the package of the messages", _START)
    for use in uses:
        modules_.claim(names.module(use.name), use.name, use.contract.services[0].span)
        yield from contract_problems(use.contract, called_as(use))
    yield from modules_.problems
    yield from _unequal_messages([*([own] if own else []), *uses])


def _two_attributes(uses: Sequence[Use], models: Iterable[str]) -> Iterator[Diagnostic]:
    taken = names.Claims("attribute of the service context", "give the service another name in mallgen.toml")
    for model in models:
        taken.claim(model, f"table {model}", _START)
    for use, service in zip(uses, used_services(uses, PyIdent("caller")), strict=True):
        for attribute, _ in service.clients:
            taken.claim(attribute, f"service {use.name}", use.contract.services[0].span)
    yield from taken.problems


def contract_problems(contract: ProtoContract, kind: CalledKind = RPCS) -> Iterator[Diagnostic]:
    """Yield diagnostics for names that collide in a contract's client or messages."""
    classes = names.Claims("client", "rename one of the services")
    methods = names.Claims("method", "rename one of the RPCs")
    for service in contract.services:
        client = client_name(service, kind)
        classes.claim(client, service.name, service.span)
        for method in service.methods:
            methods.claim(f"{client}.{names.variable(method.name)}", method.name, method.span)
    yield from classes.problems
    yield from methods.problems
    yield from message_problems(contract)


def _unequal_messages(uses: Sequence[Use]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for messages of one full name in different files: a process has one registry of messages."""
    seen: dict[str, tuple[ProtoFile, Use]] = {}
    reported = set()
    for use in uses:
        files = {file.name: file for file in use.contract.files}
        for full, ref in use.contract.types.items():
            file = files[ref.file]
            other, by = seen.setdefault(full, (file, use))
            pair = other.comments.file, file.comments.file
            if len(ref.path) == 1 and pair not in reported and other.descriptor != file.descriptor:
                reported.add(pair)
                yield _two_messages(full, (file, use), (other, by))


def _two_messages(full: str, here: tuple[ProtoFile, Use], there: tuple[ProtoFile, Use]) -> Diagnostic:
    there, here = sorted((here, there), key=lambda pair: (pair[0].span_of(full), pair[1].name))
    (file, use), (other, by) = here, there
    name = full.removeprefix(".")
    message = f"`{name}` of service {use.name} is not the `{name}` of service {by.name}: one process cannot have both"
    note = Note(other.span_of(full), "declared here with another content of the file")
    hint = "share one file, or give one another package"
    return Diagnostic("two-messages", message, file.span_of(full), hint, (note,))


def client_files(uses: Sequence[Use], package: PyIdent, renderer: Renderer) -> Iterator[File]:
    """Yield the files of a consumer's package `rpc/`: a client per used service, and the messages."""
    if not uses:
        return
    root = f"{package}/rpc"
    yield init(root, root, f"The services that {package} uses.", renderer)
    written: dict[str, str] = {}
    for use, where in zip(uses, _message_modules(uses, package), strict=True):
        make = producer if called_as(use) is QUEUES else client
        source = make(use.contract, where, renderer)
        span = use.contract.services[0].span
        yield File(f"{root}/{names.module(use.name)}.py", source, Owner.ALWAYS, Role("client", use.name), span)
        yield from _unwritten(modules(use.contract, where, f"{root}/pb", renderer), written)


def _unwritten(files: Iterable[File], written: dict[str, str]) -> Iterator[File]:
    """Yield the files that `written` does not have; a `.pyi` goes with its module, since only comments can differ.

    Two different texts for one path are both yielded: they are refused before anything is written.
    """
    wanted: set[str] = set()
    for file in files:
        module = file.path.removesuffix("i")
        if module == file.path and written.get(module) != file.text:
            written[module] = file.text
            wanted.add(module)
        if module in wanted:
            yield file


def used_classes(uses: Sequence[Use], package: PyIdent) -> Iterator[ClassShape]:
    """Yield the classes of a consumer's package `rpc/`."""
    for use, where in zip(uses, _message_modules(uses, package), strict=True):
        yield from classes(use.contract, where, f"{package}.rpc.{names.module(use.name)}", called_as(use))


def classes(contract: ProtoContract, where: Modules, module: str, kind: CalledKind = RPCS) -> Iterator[ClassShape]:
    """Yield the messages of a contract by their own modules, then the client module's classes: messages and clients."""
    shapes: dict[tuple[str, str], ClassShape] = {}
    for file in contract.files:
        for message in file.descriptor.message_type if file.ours else ():
            shape, *inner = _messages(where.module(file.name), message)
            shapes[file.name, message.name] = shape
            yield from (shape, *inner)
        for enum in file.descriptor.enum_type if file.ours else ():
            yield ClassShape(where.module(file.name), names.message(enum.name))
    for ref in reachable(contract):
        if kind is QUEUES and ref == EMPTY:
            continue
        known = shapes.get((ref.file, ref.path[0]), ClassShape(module, names.message(ref.path[0])))
        yield known._replace(module=module, name=names.message(ref.path[0]))
    for service in contract.services:
        yield ClassShape(module, client_name(service, kind))


def _messages(around: str, message: DescriptorProto) -> Iterator[ClassShape]:
    """Yield a message and its nested messages; `around` is the module, or the message that contains them."""
    name = names.message(message.name)
    fields = tuple(names.message(field.name) for field in message.field)
    yield ClassShape(around, name, fields, True, tuple(str(field.number) for field in message.field))
    for inner in message.nested_type:
        if not inner.options.map_entry:
            yield from _messages(f"{around}.{name}", inner)


def _message_modules(uses: Sequence[Use], package: PyIdent) -> list[Modules]:
    """Return the modules of each use: equal files share one, a file that differs from the first of its name moves."""
    plain = Modules(Code(f"{package}.rpc.pb"))
    taken: dict[str, str] = {}
    result = []
    for use in uses:
        moved = frozenset(
            file.name
            for file in use.contract.files
            if file.ours and taken.setdefault(plain.module(file.name), file.descriptor.name) != file.descriptor.name
        )
        result.append(plain._replace(moved=moved, under=names.module(use.name)))
    return result
