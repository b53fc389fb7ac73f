"""The emitter of RPC services: turns a `.proto` contract into the files of a Python service."""

from collections.abc import Iterator

from msgspec import Struct

from mallgen.emit import Emitted, LogicBody, UserText, calling, clients, emitted, too_much, typed
from mallgen.emit.clients import signature
from mallgen.emit.messages import MethodView
from mallgen.emit.protobuf import Uses, modules
from mallgen.emit.protoservice import NamedService, ProtoOptions, named
from mallgen.emit.service import DEV, Skeleton, init, wiring
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from mallgen.output.signature import Imported, Param, Signature
from mallgen.proto.model import Method, ProtoContract, Service, Use, prose
from mallgen.python import names
from mallgen.python.code import Code, PyIdent, code
from mallgen.python.layout import WIDTH, Imports, call, docstring, literal, yaml_text
from mallgen.python.render import Renderer, TooMuch
from mallgen.text.width import width

_SERVER_NAMES = (
    "AsyncIterator",
    "ClientStream",
    "RpcContext",
    "SERVICES",
    "ServerStream",
    "Service",
    "ServiceContext",
    "TwoWayStream",
    "Unary",
)
_LOGIC_NAMES = (
    *("AsyncIterator", "NotImplementedError", "RpcContext", "ServiceContext", "__init__", "req", "reqs", "self"),
)
_KINDS = {
    (False, False): "Unary",
    (False, True): "ServerStream",
    (True, False): "ClientStream",
    (True, True): "TwoWayStream",
}


class RpcOptions(Struct, frozen=True):
    """The options of the emitter: those of every service made from a proto, and its own.

    `port` goes into the settings of a new project. `client_only` makes the client and its messages alone.
    """

    service: ProtoOptions = ProtoOptions()
    port: int = 8080
    client_only: bool = False


class RpcLayout(Struct, frozen=True):
    """A named service, as the files of an RPC service need it."""

    service: NamedService

    @property
    def contract(self) -> ProtoContract:
        """The contract."""
        return self.service.contract

    @property
    def package(self) -> PyIdent:
        """The Python package."""
        return self.service.package

    @property
    def skeleton(self) -> Skeleton:
        """The facts that the common files of a service are made from."""
        package, uses, tables = self.package, self.service.uses, self.service.tables
        dev = (*DEV, "types-protobuf>=5.29")
        drivers = tuple(sorted({*calling.queue_extras(uses), *tables.extras}))
        title, distribution = self.service.title, package.replace("_", "-")
        return Skeleton(title, package, distribution, ("rpc",), "rpc/test.py", "rpc/hooks.py", dev, drivers)

    def folder(self, service: Service) -> str:
        """Return the folder of a service's logic below `logic/`, "" when there is only one service."""
        return names.module(service.name) if len(self.contract.services) > 1 else ""

    def functions(self) -> dict[str, PyIdent]:
        """Return the function names in server.py by wire path."""
        scope = names.Scope({"tuple"})  # which the file itself uses
        several = len(self.contract.services) > 1
        return {
            method.wire: scope.add(names.variable(f"{service.name}_{method.name}" if several else method.name))
            for service in self.contract.services
            for method in service.methods
        }


def emit(contract: ProtoContract, options: RpcOptions) -> Emitted:
    """Return all files of the service that `contract` describes, or diagnostics."""
    try:
        return _emit(contract, options)
    except TooMuch:
        return too_much(options.service.most, contract.services[0].span)


def _emit(contract: ProtoContract, options: RpcOptions) -> Emitted:
    service = named(contract, options.service, "rpc", names.rpc_package)
    layout, uses = RpcLayout(service), service.uses
    own = Use(service.title, contract)
    problems = (
        *service.problems(),
        *clients.contract_problems(contract),
        *clients.problems(uses, own, service.tables.attributes),
    )
    if problems:
        return Emitted((), problems)
    renderer = Renderer(options.service.prove, options.service.most)
    always = tuple(_always(layout, renderer))
    classes = tuple(clients.classes(contract, service.messages, f"{service.package}.client"))
    if options.client_only:
        return emitted(always, (), contract.services[0].span, classes)
    files = (*_once(layout, options, renderer), *_server_side(layout, renderer), *always)
    classes = (*classes, *clients.used_classes(uses, service.package))
    return emitted(files, (), contract.services[0].span, classes)


def _once(layout: RpcLayout, options: RpcOptions, renderer: Renderer) -> Iterator[File]:
    service = layout.service
    settings = renderer.render(
        "rpc/etc.yaml",
        name=yaml_text(service.key),
        listen_on=code("0.0.0.0:{}", options.port),
        etcd=calling.etcd_block(service.key),
        uses=calling.settings(service.used_services),
        data_source=service.tables.data_source,
    )
    yield from layout.skeleton.once(settings, service.blocks(), renderer)
    bodies = dict(options.service.bodies)
    methods = [(group, method) for group in layout.contract.services for method in group.methods]
    for number, (group, method) in enumerate(methods):
        logic = _logic(layout, method, bodies.get(method.wire), renderer)
        path = "/".join(filter(None, (layout.package, "logic", layout.folder(group), _module(method) + ".py")))
        signature = logic.signature._replace(position=number)
        yield File(path, logic.text, Owner.ONCE, Role("logic", method.wire), method.span, signature)


def _module(method: Method) -> str:
    return f"{names.snake(method.name)}_logic"


def _logic(layout: RpcLayout, method: Method, body: LogicBody | None, renderer: Renderer) -> UserText:
    imports = Imports(layout.package)
    imports.add("mallgen_runtime.rpc", "RpcContext")
    imports.add(f"{layout.package}.svc", "ServiceContext")
    name = PyIdent(f"{names.class_name(method.name)}Logic")
    uses = Uses(layout.service.messages, imports, [*_LOGIC_NAMES, name, _method(method)])
    types = signature(method, uses, imports)
    text = renderer.python(
        "rpc/logic.py",
        module_docstring=docstring([method.wire], 0),
        imports=imports.lines(),
        name=name,
        docstring=docstring(prose(method.doc) or [method.wire], 4),
        signature=call(f"async def {_method(method)}(", ["self", types.given], f") -> {types.gives}:", 4),
        body=body.lines if body else _stub(method, uses),
    )
    needed = tuple(Imported(*entry) for entry in imports.entries())
    qualname = f"{name}.{_method(method)}"
    return UserText(text, Signature(qualname, (Param(types.name, types.takes),), types.gives, needed))


def _stub(method: Method, uses: Uses) -> tuple[Code, ...]:
    stub = code("raise NotImplementedError({})", literal(method.wire))
    if not method.gives_stream:
        return (stub,)
    return (stub, Code(f"yield {uses.type(method.reply)}()  # each yield sends a reply"))


def _method(method: Method) -> PyIdent:
    """Return the name of a logic class's method, which must not be that of its attributes ctx and svc."""
    return names.Scope({"ctx", "svc"}).add(names.variable(method.name))


def _server_side(layout: RpcLayout, renderer: Renderer) -> Iterator[File]:
    package, title = layout.package, layout.service.title
    imports = Imports(package)
    base = imports.add("mallgen_runtime.rpc", "RpcServerConf")
    yield wiring(layout.skeleton, layout.service.wiring(imports, base), renderer)
    yield layout.skeleton.app("rpc/app.py", f"The service {title}.", renderer)
    yield File(f"{package}/server.py", _server(layout, renderer), Owner.ALWAYS, Role("server"))
    folders = sorted({"logic", *(f"logic/{layout.folder(s)}".rstrip("/") for s in layout.contract.services)})
    for folder in folders:
        yield init(f"{package}/{folder}", folder, f"The logic of {title}.", renderer)
    yield from clients.client_files(layout.service.uses, package, renderer)
    yield from layout.service.tables.files(renderer)


def _always(layout: RpcLayout, renderer: Renderer) -> Iterator[File]:
    """Yield the client and the messages, which consumers need too."""
    package = layout.package
    yield init(package, package, f"The RPC service {layout.service.title}.", renderer)
    yield typed(package)
    source = clients.client(layout.contract, layout.service.messages, renderer)
    yield File(f"{package}/client.py", source, Owner.ALWAYS, Role("client"))
    yield from modules(layout.contract, layout.service.messages, f"{package}/pb", renderer)


def _server(layout: RpcLayout, renderer: Renderer) -> str:
    imports = Imports(layout.package)
    imports.add("mallgen_runtime.rpc", "RpcContext")
    imports.add("mallgen_runtime.rpc", "Service")
    imports.add(f"{layout.package}.svc", "ServiceContext")
    table = _LogicTable(layout, imports)
    functions = [table.function(method) for service in layout.contract.services for method in service.methods]
    return renderer.python(
        "rpc/server.py",
        module_docstring=docstring([f"The RPCs of {layout.service.title}: each calls its logic."], 0),
        services=[table.entry(service) for service in layout.contract.services],
        imports=imports.lines(),
        functions=functions,
    )


class _LogicTable:
    """Renders the functions of server.py and the table that lists them."""

    def __init__(self, layout: RpcLayout, imports: Imports) -> None:
        self._imports = imports
        self._layout = layout
        self._functions = layout.functions()
        scope = names.Scope({*_SERVER_NAMES, *self._functions.values()})
        self._logic = {
            method.wire: self._imported(service, method, scope)
            for service in layout.contract.services
            for method in service.methods
        }
        taken = {*_SERVER_NAMES, "tuple", *self._functions.values(), *self._logic.values()}
        self._uses = Uses(layout.service.messages, imports, taken)

    def _imported(self, service: Service, method: Method, scope: names.Scope) -> PyIdent:
        """Import the logic class of a method and return its local name."""
        folder = self._layout.folder(service)
        module = ".".join(filter(None, (self._layout.package, "logic", folder, f"{names.snake(method.name)}_logic")))
        name = f"{names.class_name(method.name)}Logic"
        local = scope.add(f"{names.class_name(service.name)}{name}" if folder else name)
        return self._imports.add(module, name, local)

    def function(self, method: Method) -> MethodView:
        """Return the function that the server calls for a method."""
        types = signature(method, self._uses, self._imports)
        args = [Code("ctx: RpcContext"), Code("svc: ServiceContext"), types.given]
        head, verb = clients.VERBS[method.gives_stream]
        called = Code(f"{self._logic[method.wire]}(ctx, svc).{_method(method)}")
        return MethodView(
            call(f"{head} {self._functions[method.wire]}(", args, f") -> {types.gives}:"),
            docstring([method.wire], 4),
            Code(f"{verb} {called}({types.name})"),
        )

    def entry(self, service: Service) -> Code:
        """Return the table's entry for a service with its methods."""
        rows = []
        for method in service.methods:
            kind = self._imports.add("mallgen_runtime.rpc", _KINDS[method.takes_stream, method.gives_stream])
            args: list[Code] = [
                literal(method.wire),
                self._functions[method.wire],
                self._uses.type(method.request),
                self._uses.type(method.reply),
            ]
            declared_at = f"{method.span.file.rpartition('/')[2]}:{method.span.line}"
            rows.append(call(f"{kind}(", [*args, Code(f"contract={literal(declared_at)}")], "),", 12))
        line = Code(f"        ({rows[0]}),") if len(rows) == 1 else Code("")
        if not line or "\n" in line or width(line) > WIDTH:
            line = Code("\n".join(["        (", *[f"            {row}" for row in rows], "        ),"]))
        return Code(f"Service(\n        {literal(service.full_name)},\n{line}\n    )")
