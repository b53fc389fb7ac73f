"""The files, modules and names of each route, group and middleware in the generated project."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from mallgen.diagnostics import Diagnostic, Note
from mallgen.emit import NAMES_OF_SETTINGS_CLASSES, TABLE_SETTINGS
from mallgen.emit.http.prose import declared_at, route_name, route_prose
from mallgen.emit.http.shapes import SchemaClass, Shapes
from mallgen.model import Contract, Group, Route
from mallgen.python import names
from mallgen.python.code import PyIdent
from mallgen.text.span import Span

SETTINGS = frozenset(
    [
        "name",
        "host",
        "port",
        "mode",
        "timeout",
        "max_bytes",
        "max_conns",
        "log",
        "shutdown",
        "verbose",
        "telemetry",
        "prometheus",
        "dev_server",
        "cert_file",
        "key_file",
        "metrics_url",
        "cpu_threshold",
        "signature",
        "middlewares",
        "trace_ignore_paths",
        "secrets",
        "uploads",
        "web_socket",
        "cors",
        "events",
        "compress",
        "static",
        "blocked_loop",
        "client_ca_file",
        "compat",
        "strict",
        "threads",
        "trusted_proxies",
        "workers",
    ]
)
_EXAMPLES = {"jwt": "Auth", "jwtTransition": "AuthTransition", "cors": "Public"}


class Middleware(Struct, frozen=True):
    """A middleware: `origin` is its name in the contract, `class_name` and `module` are those of the code."""

    origin: str
    class_name: PyIdent
    module: PyIdent


class RouteNames(Struct, frozen=True):
    """One route with every name that its code needs.

    `title` is `GET /v1/users`, `declared_at` its position in the contract (`mall.api:31`), `folder` the group's path,
    "" or `user/admin`, `base` the handler's name without `Handler`. `handler_local` is the name under which routes.py
    imports the handler function.
    """

    route: Route
    group: Group
    title: str
    docs: tuple[str, ...]
    declared_at: str
    folder: str
    base: str
    function: PyIdent
    handler_function: PyIdent
    handler_local: PyIdent
    logic_class: PyIdent
    request: SchemaClass | None
    jwt: str
    transition: str
    cors: str
    middlewares: tuple[Middleware, ...]

    @property
    def dotted(self) -> str:
        """The folder as the middle of a module's name: `.user.admin`, "" without a group."""
        return "".join(f".{part}" for part in self.folder.split("/") if part)


class Layout(Struct, frozen=True):
    """All names of a service's code, chosen before anything is rendered.

    `jwt`, `transitions` and `cors` are the names of the settings that the groups ask for, each once. `has_page` is
    whether info asks for the page of a back office.
    """

    service: str
    package: PyIdent
    routes: tuple[RouteNames, ...]
    shapes: Shapes
    middlewares: tuple[Middleware, ...]
    jwt: tuple[str, ...]
    transitions: tuple[str, ...]
    cors: tuple[str, ...]
    problems: tuple[Diagnostic, ...]
    has_page: bool = False


def layout(contract: Contract, shapes: Shapes, package: str = "") -> Layout:
    """Choose all names; collisions are among `problems`. `package` replaces the one derived from the service's name."""
    return _LayoutBuilder(contract, shapes).build(PyIdent(package) if package else names.http_package(contract.service))


class _LayoutBuilder:
    def __init__(self, contract: Contract, shapes: Shapes) -> None:
        self.contract = contract
        self.shapes = shapes
        hint = "rename one of them in the contract"
        self.modules = names.Claims("module", hint)
        self.settings = names.Claims("setting", hint)
        self.middlewares: dict[str, Middleware] = {}
        self.problems: list[Diagnostic] = []
        self.handlers = names.Scope()

    def build(self, package: PyIdent) -> Layout:
        contract = self.contract
        groups = sorted(contract.groups, key=lambda group: group.span)
        for group in groups:
            self._group(group)
        routes = self._routes(groups)
        self.problems += _folders_and_modules(routes)
        problems = (*self.modules.problems, *self.settings.problems, *self.problems)
        return Layout(
            service=contract.service,
            package=package,
            routes=routes,
            shapes=self.shapes,
            middlewares=tuple(self.middlewares.values()),
            jwt=_distinct(group.jwt for group in groups),
            transitions=_distinct(group.jwt_transition for group in groups),
            cors=_distinct(group.cors for group in groups),
            problems=problems,
            has_page=contract.has_page,
        )

    def _group(self, group: Group) -> None:
        for kind, setting in (("jwt", group.jwt), ("jwtTransition", group.jwt_transition), ("cors", group.cors)):
            if setting:
                self._setting(kind, setting, group.span)
        for name in group.middlewares:
            base = name.removesuffix("Middleware") or name
            module = PyIdent(f"{names.snake(base)}_middleware")
            self.modules.share(f"middleware/{module}", name, group.span)
            self.middlewares[name] = Middleware(name, PyIdent(f"{names.class_name(base)}Middleware"), module)

    def _setting(self, kind: str, name: str, span: Span) -> None:
        attribute = self.settings.share(names.variable(name), f"{kind}: {name}", span)
        other = _taken_by(attribute)
        if other:
            message = f"`{name}` is {other}"
            hint = f"give the block another name, such as `{_EXAMPLES[kind]}`"
            self.problems.append(Diagnostic("name-collision", message, span, hint))

    def _routes(self, groups: list[Group]) -> tuple[RouteNames, ...]:
        pairs = [(g, r) for g in groups for r in sorted(g.routes, key=lambda r: r.span)]
        bases = [names.handler_base(route.handler) for _, route in pairs]
        counts = Counter(names.variable(base) for base in bases)
        drafts = [
            self._route(group, route, base, counts[names.variable(base)] == 1)
            for (group, route), base in zip(pairs, bases, strict=True)
        ]
        # `annotations` and `tuple` are names that routes.py itself uses
        functions = names.Scope(("annotations", "tuple", *(draft.handler_local for draft in drafts)))
        return tuple(replace(draft, function=functions.add(draft.function)) for draft in drafts)

    def _route(self, group: Group, route: Route, base: str, alone: bool) -> RouteNames:
        folder = "/".join(names.module(part) for part in group.group.split("/") if part)
        path = "/".join(part for part in ("handler", folder, f"{names.snake(base)}_handler") if part)
        self.modules.claim(path, route.handler, route.handler_span)  # the logic's path collides when this one does
        prefix = f"{folder.replace('/', '_')}_" if folder else ""
        return RouteNames(
            route=route,
            group=group,
            title=route_name(route),
            docs=tuple(route_prose(route)),
            declared_at=declared_at(self.contract, route.span),
            folder=folder,
            base=base,
            function=names.variable(prefix + names.snake(base)),
            handler_function=PyIdent(f"{names.variable(base)}_handler"),
            handler_local=self.handlers.add(f"{'' if alone else prefix}{names.variable(base)}_handler"),
            logic_class=PyIdent(f"{names.class_name(base)}Logic"),
            request=self.shapes.of(route.request),
            jwt=names.variable(group.jwt) if group.jwt else "",
            transition=names.variable(group.jwt_transition) if group.jwt_transition else "",
            cors=names.variable(group.cors) if group.cors else "",
            middlewares=tuple(self.middlewares[name] for name in group.middlewares),
        )


def _taken_by(attribute: PyIdent) -> str:
    """Return what has the name of a block of settings already, empty: nothing has."""
    if attribute in SETTINGS:
        return "a setting that every service has"
    if attribute in NAMES_OF_SETTINGS_CLASSES:
        return "a name that every class of settings has"
    return "a setting that every service with tables has" if attribute in TABLE_SETTINGS else ""


def _folders_and_modules(routes: Sequence[RouteNames]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each group whose folder would hide a handler's or logic's module from Python."""
    modules = {
        "/".join(filter(None, (layer, route.folder, f"{names.snake(route.base)}_{layer}"))): route
        for route in routes
        for layer in ("handler", "logic")
    }
    reported: set[str] = set()
    for route in routes:
        folders = list(accumulate(filter(None, route.folder.split("/")), "{}/{}".format))
        for path in (f"{layer}/{folder}" for folder in folders for layer in ("handler", "logic")):
            if path in modules and path not in reported:
                reported.add(path)
                other = modules[path].route
                message = (
                    f"the group `{route.group.group}` and the handler `{other.handler}` would both become `{path}`"
                )
                note = Note(other.handler_span, f"`{other.handler}` has it already")
                yield Diagnostic("name-collision", message, route.group.span, "rename one of them", (note,))


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))
