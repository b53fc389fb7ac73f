"""`.proto` → an RPC service in Python: the files of DESIGN's table, as values."""

from collections.abc import Iterator

from msgspec import Struct

from mallgen import names
from mallgen.diagnostics import Diagnostic
from mallgen.emit import Emitted
from mallgen.emit.protobuf import Modules, Uses, client, modules, prose
from mallgen.proto import Method, ProtoContract, Service
from mallgen.pycode import Imports, call, docstring, literal, toml_text, yaml_text
from mallgen.render import Renderer
from mallgen.tree import File, Owner


class RpcOptions(Struct, frozen=True):
    """What may be asked beyond the contract: the port of a new project, `bodies` of logic by wire path, else stubs."""

    port: int = 8080
    bodies: tuple[tuple[str, str], ...] = ()
    client_only: bool = False


class Layout(Struct, frozen=True):
    """What is decided before a line is rendered."""

    contract: ProtoContract
    title: str
    package: str

    @property
    def messages(self) -> Modules:
        """The service's own pb package."""
        return Modules(f"{self.package}.pb")

    @property
    def config_path(self) -> str:
        """Where the configuration lies, from the folder that was given as `-dir`."""
        return f"etc/{self.title}.yaml"

    def folder(self, service: Service) -> str:
        """The folder of a service's logic below `logic/`: none when there is only one service."""
        return names.module(service.name) if len(self.contract.services) > 1 else ""

    def function(self, service: Service, method: Method) -> str:
        """The function of a method in server.py."""
        prefix = f"{names.snake(service.name)}_" if len(self.contract.services) > 1 else ""
        return names.variable(f"{prefix}{names.snake(method.name)}")


def emit(contract: ProtoContract, options: RpcOptions) -> Emitted:
    """All files of the service that `contract` describes."""
    stem = contract.roots[0].rpartition("/")[2].removesuffix(".proto")
    title = contract.package or names.snake(stem)
    layout = Layout(contract, title, names.rpc_package(title))
    problems = tuple(_problems(layout))
    if problems:
        return Emitted((), problems)
    renderer = Renderer()
    files = (
        (*_always(layout, renderer),)
        if options.client_only
        else (*_once(layout, options, renderer), *_all(layout, renderer))
    )
    return Emitted(files, ())


def _problems(layout: Layout) -> Iterator[Diagnostic]:
    if names.is_taken(layout.package):
        message = f"the package `{layout.package}` would shadow a library of that name"
        yield Diagnostic("taken-name", message, layout.contract.services[0].span, "give the proto another package")
    claims = names.Claims("logic module", "rename one of the RPCs")
    for service in layout.contract.services:
        for method in service.methods:
            claims.claim(f"{layout.folder(service)}/{names.snake(method.name)}", method.name, method.span)
            if method.takes_stream or method.gives_stream:
                hint = "keep streaming RPCs in a proto of their own until then"
                yield Diagnostic("streaming", f"`{method.name}` streams, which is not generated yet", method.span, hint)
    yield from claims.problems


def _once(layout: Layout, options: RpcOptions, renderer: Renderer) -> Iterator[File]:
    package, title = layout.package, layout.title
    listen_on = f"0.0.0.0:{options.port}"
    settings = renderer.render("rpc/etc.yaml", name=yaml_text(f"{title}.rpc"), listen_on=listen_on)
    yield File(layout.config_path, settings, Owner.ONCE, "settings")
    project = renderer.render(
        "rpc/pyproject.toml",
        name=toml_text(package.replace("_", "-")),
        script=toml_text(f"{package}.app:run"),
        package=toml_text(package),
        etc=toml_text(f"{package}/etc"),
    )
    yield File("pyproject.toml", project, Owner.ONCE, "pyproject")
    config = renderer.python(
        "http/config.py",
        module_docstring=docstring([f"The settings of {title}."], 0),
        docstring=docstring([f"Settings of {title}, read from {layout.config_path}."], 4),
        package=package,
    )
    yield File(f"{package}/config.py", config, Owner.ONCE, "config")
    main = docstring([f"python -m {package} [-f {layout.config_path}]"], 0)
    yield File(
        f"{package}/__main__.py", renderer.python("http/main.py", docstring=main, package=package), Owner.ONCE, "main"
    )
    svc = docstring([f"What the logic of {title} works with."], 0)
    text = renderer.python("http/svc.py", module_docstring=svc, package=package)
    yield File(f"{package}/svc.py", text, Owner.ONCE, "service context")
    for service in layout.contract.services:
        for method in service.methods:
            yield _logic(layout, service, method, dict(options.bodies).get(method.wire, ""), renderer)


def _logic(layout: Layout, service: Service, method: Method, body: str, renderer: Renderer) -> File:
    imports = Imports(layout.package)
    imports.add("mallgen_runtime.rpc", "RpcContext")
    imports.add(f"{layout.package}.svc", "ServiceContext")
    name = f"{names.class_name(method.name)}Logic"
    uses = Uses(layout.messages, imports, ["RpcContext", "ServiceContext", name])
    request, reply = uses.type(method.request), uses.type(method.reply)
    text = renderer.python(
        "rpc/logic.py",
        module_docstring=docstring([method.wire], 0),
        imports=imports.lines(),
        name=name,
        docstring=docstring(prose(method.doc) or [method.wire], 4),
        signature=call(f"async def {_method(method)}(", ["self", f"req: {request}"], f") -> {reply}:", 4),
        body=body or f"raise NotImplementedError({literal(method.wire)})",
    )
    folder = layout.folder(service)
    path = "/".join(filter(None, (layout.package, "logic", folder, f"{names.snake(method.name)}_logic.py")))
    return File(path, text, Owner.ONCE, f"logic {method.wire}")


def _method(method: Method) -> str:
    """The method of a logic class, beside its attributes ctx and svc."""
    return names.Scope({"ctx", "svc"}).add(names.variable(method.name))


def _all(layout: Layout, renderer: Renderer) -> Iterator[File]:
    package, title = layout.package, layout.title
    wiring = renderer.python(
        "rpc/wiring.py",
        module_docstring=docstring([f"What every {title} service has."], 0),
        config_docstring=docstring([f"Settings that {title} asks for."], 4),
        context_docstring=docstring([f"What every service context of {title} has."], 4),
    )
    yield File(f"{package}/wiring.py", wiring, Owner.ALWAYS, "wiring")
    app = renderer.python(
        "rpc/app.py",
        module_docstring=docstring([f"The service {title}."], 0),
        package=package,
        package_literal=literal(package),
        config_path=literal(layout.config_path),
    )
    yield File(f"{package}/app.py", app, Owner.ALWAYS, "app")
    yield File(f"{package}/server.py", _server(layout, renderer), Owner.ALWAYS, "server")
    folders = sorted({"logic", *(f"logic/{layout.folder(s)}".rstrip("/") for s in layout.contract.services)})
    for folder in folders:
        text = renderer.python("http/init.py", docstring=docstring([f"The logic of {title}."], 0))
        yield File(f"{package}/{folder}/__init__.py", text, Owner.ALWAYS, f"package {folder}")
    yield from _always(layout, renderer)


def _always(layout: Layout, renderer: Renderer) -> Iterator[File]:
    """The client and the messages: what a consumer needs."""
    package = layout.package
    text = renderer.python("http/init.py", docstring=docstring([f"The RPC service {layout.title}."], 0))
    yield File(f"{package}/__init__.py", text, Owner.ALWAYS, f"package {package}")
    source = client(layout.contract, layout.messages, layout.title, renderer)
    yield File(f"{package}/client.py", source, Owner.ALWAYS, "client")
    yield from modules(layout.contract, layout.messages, f"{package}/pb", renderer)


def _server(layout: Layout, renderer: Renderer) -> str:
    imports = Imports(layout.package)
    for name in ("Method", "RpcContext", "Service"):
        imports.add("mallgen_runtime.rpc", name)
    imports.add(f"{layout.package}.svc", "ServiceContext")
    pairs = [(service, method) for service in layout.contract.services for method in service.methods]
    own = [layout.function(service, method) for service, method in pairs]
    uses = Uses(layout.messages, imports, ["Method", "RpcContext", "Service", "ServiceContext", "SERVICES", *own])
    functions = [_function(layout, service, method, imports, uses) for service, method in pairs]
    services = [_entry(layout, service, uses) for service in layout.contract.services]
    return renderer.python(
        "rpc/server.py",
        module_docstring=docstring([f"The RPCs of {layout.title}: each calls its logic."], 0),
        imports=imports.lines(),
        functions=functions,
        services=services,
    )


def _function(layout: Layout, service: Service, method: Method, imports: Imports, uses: Uses) -> dict[str, str]:
    request, reply = uses.type(method.request), uses.type(method.reply)
    folder = layout.folder(service)
    module = ".".join(filter(None, (layout.package, "logic", folder, f"{names.snake(method.name)}_logic")))
    logic = f"{names.class_name(method.name)}Logic"
    local = imports.add(module, logic, f"{names.class_name(service.name)}{logic}" if folder else logic)
    args = ["ctx: RpcContext", "svc: ServiceContext", f"req: {request}"]
    return {
        "signature": call(f"async def {layout.function(service, method)}(", args, f") -> {reply}:"),
        "docstring": docstring([method.wire], 4),
        "line": f"return await {local}(ctx, svc).{_method(method)}(req)",
    }


def _entry(layout: Layout, service: Service, uses: Uses) -> str:
    rows = []
    for method in service.methods:
        args = [
            literal(method.wire),
            layout.function(service, method),
            uses.type(method.request),
            uses.type(method.reply),
        ]
        place = f"{method.span.file}:{method.span.line}"
        rows.append(call("Method(", [*args, f"contract={literal(place)}"], "),", 12))
    table = "\n".join(f"            {row}" for row in rows)
    return f"Service(\n        {literal(service.full_name)},\n        (\n{table}\n        ),\n    )"
