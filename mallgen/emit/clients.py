"""Typed clients of RPC services, for the service's own package and for the services that use it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto

from mallgen.diagnostics import Diagnostic, Note
from mallgen.emit.protobuf import Modules, Uses, modules
from mallgen.emit.protobuf import problems as message_problems
from mallgen.emit.service import init
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from mallgen.output.signature import ClassShape
from mallgen.proto.model import MessageRef, Method, ProtoContract, ProtoFile, Service, Use, prose
from mallgen.python import names
from mallgen.python.code import Code, Literal, PyIdent
from mallgen.python.layout import Imports, call, docstring, exported, literal, yaml_text
from mallgen.python.render import Renderer
from mallgen.text.span import Span

RPC = "mallgen_runtime.rpc"
_CLIENT_NAMES = (*("AsyncIterable", "AsyncIterator", "Channel", "__init__", "float", "req", "reqs", "self", "timeout"),)
_START = Span("mallgen.toml", 1, 1, 1, 1)


class MethodView(NamedTuple):
    """One method or function as source text."""

    signature: Code
    docstring: Code
    line: Code


class ClientView(NamedTuple):
    """The class of a service's client as source text."""

    name: PyIdent
    docstring: Code
    methods: tuple[MethodView, ...]


class UsedService(NamedTuple):
    """A used service in a consumer's wiring.py: its setting, its registration key, its client module.

    `clients` are pairs of an attribute of the service context and a client class.
    """

    setting: PyIdent
    key: str
    module: str
    clients: tuple[tuple[PyIdent, PyIdent], ...]


def client(contract: ProtoContract, where: Modules, renderer: Renderer) -> str:
    """Return a module with a typed client for each service, which also exports the messages its callers need."""
    imports = Imports(where.package.partition(".")[0])
    imports.add(RPC, "Channel")
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
    listed = exported([*clients, *(PyIdent(uses.type(ref)) for ref in reachable(contract))])
    return renderer.python(
        "rpc/client.py",
        module_docstring=docstring([f"Calls {contract.title}; what its callers need is imported from here."], 0),
        imports=imports.lines(),
        exported=_listed(listed),
        clients=views,
    )


def _listed(items: Sequence[str]) -> Literal:
    return Literal("[\n" + "".join([f"    {literal(name)},\n" for name in items]) + "]")


def client_name(service: Service) -> PyIdent:
    """Return the name of a service's client class: `OrderClient` for `Order`."""
    return PyIdent(f"{names.class_name(service.name)}Client")


def reachable(contract: ProtoContract) -> tuple[MessageRef, ...]:
    """Return the outermost messages and enums that the services' requests and replies use, directly or not."""
    messages = {
        MessageRef(file.name, (message.name,)): message
        for file in contract.files
        if file.ours
        for message in file.descriptor.message_type
    }
    waiting = [
        ref for service in contract.services for method in service.methods for ref in (method.request, method.reply)
    ]
    reached: dict[MessageRef, None] = {}
    while waiting:
        ref = waiting.pop()
        top = MessageRef(ref.file, ref.path[:1])
        if top not in reached:
            reached[top] = None
            waiting += [contract.types[name] for name in _named(messages.get(top))]
    return tuple(sorted(reached))


def _named(message: DescriptorProto | None) -> Iterator[str]:
    """Yield the full names of the types of a message's fields, those of its nested messages included."""
    waiting = [message] if message is not None else []
    while waiting:
        one = waiting.pop()
        waiting += one.nested_type
        yield from (field.type_name for field in one.field if field.type_name)


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


def used_services(uses: Iterable[Use], package: PyIdent) -> tuple[UsedService, ...]:
    """Return the services that a consumer uses, as its wiring needs them."""
    return tuple(_used_service(use, package) for use in uses)


def _used_service(use: Use, package: PyIdent) -> UsedService:
    base = names.snake(use.name).removesuffix("_rpc")
    attributes = []
    plain = _plain(use.contract.services, base)
    for service in use.contract.services:
        own = "" if service is plain else f"_{names.snake(service.name)}"
        attributes.append((PyIdent(f"{base}{own}_rpc"), client_name(service)))
    key = use.key or use.contract.key
    return UsedService(PyIdent(f"{base}_rpc"), key, f"{package}.rpc.{names.module(use.name)}", tuple(attributes))


def _plain(services: Sequence[Service], base: str) -> Service:
    """Return the service whose client has no suffix: the one named as the used service is, else the first."""
    return next((service for service in services if names.snake(service.name) == base), services[0])


def problems(uses: Sequence[Use], own: Use | None = None) -> Iterator[Diagnostic]:
    """Yield diagnostics for used services that cannot be in one process; `own` is the service of the process itself."""
    modules_ = names.Claims("module below rpc/", "give one of them another name in mallgen.toml")
    modules_.claim("pb", "pb, the package of the messages", _START)
    for use in uses:
        modules_.claim(names.module(use.name), use.name, use.contract.services[0].span)
        yield from contract_problems(use.contract)
    yield from modules_.problems
    yield from _unequal_messages([*([own] if own else []), *uses])


def contract_problems(contract: ProtoContract) -> Iterator[Diagnostic]:
    """Yield diagnostics for names that collide in a contract's client or messages."""
    classes = names.Claims("client", "rename one of the services")
    methods = names.Claims("method", "rename one of the RPCs")
    for service in contract.services:
        classes.claim(client_name(service), service.name, service.span)
        for method in service.methods:
            methods.claim(f"{client_name(service)}.{names.variable(method.name)}", method.name, method.span)
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
        source = client(use.contract, where, renderer)
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
        yield from classes(use.contract, where, f"{package}.rpc.{names.module(use.name)}")


def classes(contract: ProtoContract, where: Modules, module: str) -> Iterator[ClassShape]:
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
        known = shapes.get((ref.file, ref.path[0]), ClassShape(module, names.message(ref.path[0])))
        yield known._replace(module=module, name=names.message(ref.path[0]))
    for service in contract.services:
        yield ClassShape(module, client_name(service))


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


def fields(services: Sequence[UsedService], imports: Imports) -> list[Code]:
    """Return the settings of a consumer: one field per used service."""
    for _ in services:
        imports.add(RPC, "RpcClientConf")
        imports.add("mallgen_runtime.schema", "field")
    return [
        call(f"{service.setting}: RpcClientConf = field(", ["default_factory=RpcClientConf"], indent=4)
        for service in services
    ]


def statements(services: Sequence[UsedService], imports: Imports) -> list[Code]:
    """Return the statements that make the clients in a consumer's service context."""
    lines = []
    for service in services:
        imports.add(RPC, "connect")
        channel = Code(f"self.keep(connect(config.{service.setting}, {literal(service.key)}))")
        if len(service.clients) > 1:
            lines.append(
                call(
                    f"{service.setting} = self.keep(",
                    [f"connect(config.{service.setting}, {literal(service.key)})"],
                    indent=8,
                )
            )
            channel = service.setting
        for attribute, name in service.clients:
            local = imports.add(service.module, name, _local(name, service, services))
            lines.append(call(f"self.{attribute} = {local}(", [channel], indent=8))
    return lines


def _local(name: str, service: UsedService, services: Sequence[UsedService]) -> str:
    """Return a client's name in wiring.py, with its service's in front when two services have one of this name."""
    shared = any(name == other for one in services if one is not service for _, other in one.clients)
    return f"{names.class_name(service.setting.removesuffix('_rpc'))}{name}" if shared else name


def settings(services: Sequence[UsedService]) -> list[tuple[PyIdent, list[Code]]]:
    """Return the YAML blocks of a consumer: each a key, and the commented lines that follow its timeout."""
    return [(_go_name(service.setting), etcd_block(service.key, Code("  "))) for service in services]


def _go_name(setting: str) -> PyIdent:
    """Return the key of a setting as the article behind examples/ writes it: `OrderRPC` for `order_rpc`."""
    return PyIdent("".join(word.capitalize() for word in setting.removesuffix("_rpc").split("_")) + "RPC")


def etcd_block(key: str, indent: Code = Code("")) -> list[Code]:  # noqa: B008 - a constant
    """Return the lines of a commented-out Etcd block, which the user may enable."""
    lines = (Code("Etcd:"), Code("  Hosts:"), Code("    - 127.0.0.1:2379"), Code(f"  Key: {yaml_text(key)}"))
    return [Code(f"{indent}# {line}") for line in lines]
