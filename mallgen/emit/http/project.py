"""The settings and wiring of an HTTP service, its middlewares, handlers and logic."""

from msgspec import structs

from mallgen.emit import LogicBody, UserText
from mallgen.emit.http.calls import Calls
from mallgen.emit.http.layout import Layout, Middleware, RouteNames
from mallgen.emit.http.routes import as_classes, message_types
from mallgen.emit.http.typing import Spelling
from mallgen.emit.service import Skeleton, Wiring
from mallgen.emit.tables import ServiceTables
from mallgen.model import Pointer, peel
from mallgen.output.signature import SOCKET, Imported, Param, SettingsBlock, Signature
from mallgen.python.code import Code, PyIdent, code
from mallgen.python.layout import Imports, call, docstring, literal, yaml_text
from mallgen.python.names import Scope, snake, variable
from mallgen.python.render import Renderer

RUNTIME = "mallgen_runtime"


def settings(layout: Layout, port: int, is_admin: bool, calls: Calls, tables: ServiceTables, renderer: Renderer) -> str:
    """Return the text of etc/<service>.yaml."""
    return renderer.render(
        "http/etc.yaml",
        name=yaml_text(layout.service),
        host=Code("${LISTEN_HOST:-127.0.0.1}") if is_admin else Code("0.0.0.0"),  # noqa: S104
        port=port,
        expire=Code("600") if is_admin else Code("86400"),
        uses=calls.settings(),
        data_source=tables.data_source,
        jwt=[(yaml_text(name), env_name(name)) for name in layout.jwt],
        transitions=[(yaml_text(name), env_name(name)) for name in layout.transitions],
        cors=[yaml_text(name) for name in layout.cors],
    )


def blocks(layout: Layout, calls: Calls) -> tuple[SettingsBlock, ...]:
    """Return the blocks of settings that the contract asks for, as settings() writes them."""
    keys = {
        **dict.fromkeys(layout.jwt, ("AccessSecret: ${%s_ACCESS_SECRET}", "AccessExpire: 86400")),
        **dict.fromkeys(layout.transitions, ("Secret: ${%s_SECRET}", "PrevSecret: ${%s_PREV_SECRET}")),
    }
    needed = [
        SettingsBlock(
            name, (f"{yaml_text(name)}:", *(f"  {line.replace('%s', env_name(name))}" for line in lines)), True
        )
        for name, lines in keys.items()
    ]
    pages = [SettingsBlock(name, (f"{yaml_text(name)}:", "  Origins: []"), False) for name in layout.cors]
    used = [SettingsBlock(key, (f"{key}:", *lines), False) for key, lines in calls.settings()]
    return (*needed, *pages, *used)


def env_name(name: str) -> PyIdent:
    """Return the prefix of a jwt block's environment variables: `AUTH` for `Auth`."""
    return PyIdent(snake(name).upper())


def skeleton(layout: Layout, calls: Calls, tables: ServiceTables, is_admin: bool = False) -> Skeleton:
    """Return the facts that the common files of a service are made from."""
    name = layout.service
    sockets = ("ws",) if any(route.route.websocket for route in layout.routes) else ()
    extras = ("rest", "rpc", *sockets)
    drivers = tuple(sorted({*calls.extras, *tables.extras}))
    templates = ("http/test.py", "http/hooks.py")
    made = Skeleton(name, layout.package, name, extras, *templates, drivers=drivers, in_hooks=_in_hooks(layout))
    return structs.replace(made, extras=(*extras, "admin"), is_admin=True) if is_admin else made


def _in_hooks(layout: Layout) -> dict[str, Code | list[Code]]:
    """Return what hooks.py has of the page, where the contract asks for one."""
    if not layout.has_page:
        return {"page_imports": [], "runs": Code("return ()")}
    return {
        "page_imports": [Code("from mallgen_runtime.admin import AdminPage")],
        "runs": Code("return (AdminPage(),)"),
    }


def wiring(layout: Layout, calls: Calls, tables: ServiceTables) -> Wiring:
    """Return the content of wiring.py: a setting per jwt block and per used service, and the clients of these."""
    imports = Imports(layout.package)
    imports.add("typing", "TypeVar")
    imports.add(RUNTIME, "ServiceBase")
    fields = []
    kinds = ((layout.jwt, "JwtConf", "ACCESS_SECRET"), (layout.transitions, "JwtTransitionConf", "SECRET"))
    for names, kind, secret in kinds:
        for name in names:
            imports.add(RUNTIME, kind)
            imports.add("mallgen_runtime.schema", "field")
            local = PyIdent(kind)
            factory = call(f"{local}.from_env(", [literal(name), literal(f"{env_name(name)}_{secret}")], indent=8)
            fields.append(call(f"{variable(name)}: {local} = field(", [Code(f"default_factory={factory}")], indent=4))
    for name in layout.cors:
        imports.add(RUNTIME, "CorsConf")
        imports.add("mallgen_runtime.schema", "field")
        fields.append(call(f"{variable(name)}: CorsConf = field(", ["default_factory=CorsConf"], indent=4))
    settings_of_clients, clients, outbox = calls.wiring(imports, tables.has_outbox)
    return Wiring(
        what=f"What {layout.service}'s contract asks of its configuration.",
        asks=f"Settings that the contract of {layout.service} asks for.",
        base=imports.add(RUNTIME, "RestConf"),
        imports=imports,
        fields=[*fields, *settings_of_clients, *tables.fields(imports)],
        statements=[*clients, *tables.statements(imports), *outbox],
    )


def middleware(names: Middleware, layout: Layout, renderer: Renderer) -> UserText:
    """Return middleware/<name>_middleware.py."""
    text = renderer.python(
        "http/middleware.py",
        module_docstring=docstring([f"The middleware {names.origin}."], 0),
        name=names.class_name,
        package=layout.package,
    )
    runtime = [Imported(RUNTIME, name, name) for name in ("Context", "Next", "Response")]
    svc = Imported(f"{layout.package}.svc", "ServiceContext", "ServiceContext")
    params = (Param("ctx", "Context"), Param("next_", "Next"))
    position = layout.middlewares.index(names)
    return UserText(text, Signature(f"{names.class_name}.handle", params, "Response", (*runtime, svc), position))


class _Once:
    """The names and imports of a handler or logic file.

    The file's own names (`own`) come first; the contract's classes, then the runtime's, are imported under free names.
    """

    def __init__(self, route: RouteNames, layout: Layout, *own: str) -> None:
        self.imports = Imports(layout.package)
        self.schemas = f"{layout.package}.schemas"
        self.scope = Scope(own)
        self._classes: set[str] = set()
        self.spelling = Spelling(self.imports, self.scope, self._class)
        self.request = self._class(route.request.name) if route.request else Code()
        response = route.route.response
        self.response = self.spelling.type(as_classes(response)) if response else Code("None")
        self.context = self._runtime("Context", RUNTIME)
        self.svc = self._runtime("ServiceContext", f"{layout.package}.svc")
        self.own = Code()
        self.socket = Code()
        if route.group.sse:
            event = self._runtime("ServerEvent", RUNTIME)
            stream = self._runtime("AsyncIterator", "collections.abc")
            self.response = Code(f"{stream}[{self.response} | {event}[{self.response}]]")
        if route.route.websocket:
            both = message_types(route.route, self.spelling)
            self.socket = Code(f"{self._runtime('WebSocket', RUNTIME)}[{', '.join(both)}]")
            self.response = Code("None")

    @property
    def returns(self) -> Code:
        """Return the annotation of the result, a Response of its own included where there may be one."""
        parts = (self.own, self.response) if self.response == "None" else (self.response, self.own)
        return Code(" | ".join(part for part in parts if part))

    def may_respond(self) -> None:
        """Allow a Response in place of the contract's answer."""
        self.own = self._runtime("Response", RUNTIME)

    @property
    def passed(self) -> list[tuple[PyIdent, Code]]:
        """Return what the route passes beside ctx and svc, with the types."""
        both = ((PyIdent("req"), self.request), (PyIdent(SOCKET), self.socket))
        return [(name, kind) for name, kind in both if kind]

    def _class(self, name: str) -> PyIdent:
        local = self.scope.local_name(name)
        self.imports.add(self.schemas, name, local)
        self._classes.add(local)
        return local

    def _runtime(self, name: str, source: str) -> PyIdent:
        return self.imports.add(source, name, Scope(self._classes).local_name(name))

    def signature(self, qualname: str, before: tuple[Param, ...], position: int) -> Signature:
        """Return the signature that the contract asks for; `before` are the parameters in front of the request."""
        params = (*before, *(Param(name, kind) for name, kind in self.passed))
        imports = tuple(map(Imported._make, self.imports.entries()))
        return Signature(qualname, params, self.response, imports, position, self.own)


def handler(route: RouteNames, layout: Layout, renderer: Renderer, position: int) -> UserText:
    """Return handler/<group>/<name>_handler.py."""
    once = _Once(route, layout, route.handler_function, route.logic_class)
    if not route.route.websocket:
        once.may_respond()
    module = f"{layout.package}.logic{route.dotted}.{snake(route.base)}_logic"
    logic = once.imports.add(module, route.logic_class)
    args = [Code(f"ctx: {once.context}"), Code(f"svc: {once.svc}")]
    args += [Code(f"{name}: {kind}") for name, kind in once.passed]
    passed = Code(", ".join(name for name, _ in once.passed))
    awaited = Code(f"{'' if route.group.sse else 'await '}{logic}(ctx, svc).{method(route)}({passed})")
    text = renderer.python(
        "http/handler.py",
        module_docstring=docstring([route.title], 0),
        imports=once.imports.lines(),
        signature=call(f"async def {route.handler_function}(", args, f") -> {once.returns}:"),
        docstring=docstring(route.docs or (route.title,), 4),
        line=awaited if route.route.websocket else Code(f"return {awaited}"),
    )
    before = (Param("ctx", once.context), Param("svc", once.svc))
    return UserText(text, once.signature(route.handler_function, before, position))


def method(route: RouteNames) -> PyIdent:
    """Return the name of a logic class's method, which must not be that of its attributes ctx and svc."""
    return Scope({"ctx", "svc"}).add(variable(route.base))


def logic(
    route: RouteNames, layout: Layout, renderer: Renderer, position: int, body: LogicBody | None = None
) -> UserText:
    """Return logic/<group>/<name>_logic.py; without a `body` its method is a stub."""
    once = _Once(route, layout, route.logic_class, "NotImplementedError")
    if not (route.group.sse or route.route.websocket):
        once.may_respond()
    for source, name in body.imports if body else ():
        once.imports.add(source, name)
    args = [Code("self"), *(Code(f"{name}: {kind}") for name, kind in once.passed)]
    lines = body.lines if body else _stub(route, once)
    text = renderer.python(
        "http/logic.py",
        module_docstring=docstring([route.title], 0),
        imports=once.imports.lines(),
        name=route.logic_class,
        docstring=docstring(route.docs or (route.title,), 4),
        init=call("def __init__(", ["self", f"ctx: {once.context}", f"svc: {once.svc}"], ") -> None:", 4),
        signature=call(f"async def {method(route)}(", args, f") -> {once.returns}:", 4),
        body=lines,
    )
    return UserText(text, once.signature(f"{route.logic_class}.{method(route)}", (), position))


def _stub(route: RouteNames, once: _Once) -> tuple[Code, ...]:
    stub = code("raise NotImplementedError({})", literal(route.title))
    response = route.route.response
    if not route.group.sse or response is None:
        return (stub,)
    return (stub, Code(f"yield {once.spelling.zero(peel(response, Pointer))}  # each yield sends an event"))
