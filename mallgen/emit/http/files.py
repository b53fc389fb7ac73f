"""The files of an HTTP service, made from its contract."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from mallgen.emit import Emitted, LogicBody, UserText, emitted, too_much, typed
from mallgen.emit.http import project, routes, schemas
from mallgen.emit.http.calls import Calls
from mallgen.emit.http.judge import decide, route_path
from mallgen.emit.http.layout import Layout, RouteNames
from mallgen.emit.service import init, wiring
from mallgen.emit.tables import ServiceTables
from mallgen.model import Contract
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from mallgen.output.signature import ClassShape
from mallgen.python.render import Renderer, TooMuch
from mallgen.text.limits import DEFAULT

if TYPE_CHECKING:  # importing protobuf takes 20 ms; a service without clients does not need it
    from mallgen.emit.model.files import TableSet
    from mallgen.proto.model import Use


class HttpOptions(Struct, frozen=True):
    """The options of the emitter beyond the contract itself.

    `name` and `package` replace those derived from the contract, unless empty. `port` goes into the settings of a new
    project; one that `is_admin` has accounts, and listens for this machine alone. `bodies` are pairs of route
    (`GET /v1/greet`) and logic; the other routes get stubs. `uses` are the RPC services that this one calls, `tables`
    those of its database. `prove` compiles each generated module; `most` limits the bytes of all files; only what
    people read must be `pretty`.
    """

    port: int = 8888
    is_admin: bool = False
    bodies: tuple[tuple[str, LogicBody], ...] = ()
    uses: tuple["Use", ...] = ()
    tables: "TableSet | None" = None
    name: str = ""
    package: str = ""
    prove: bool = True
    most: int = DEFAULT.output
    pretty: bool = True


def emit(contract: Contract, options: HttpOptions) -> Emitted:
    """Return all files of the service that `contract` describes, or diagnostics."""
    try:
        return _emit(contract, options)
    except TooMuch:
        return too_much(options.most, contract.groups[0].span)


def _emit(contract: Contract, options: HttpOptions) -> Emitted:
    renderer = Renderer(options.prove, options.most, options.pretty)
    named = structs.replace(contract, service=options.name or contract.service)
    plan, unfit = decide(named, options.package)
    renderer.hold(_least(plan))
    calls = Calls(options.uses, plan.package)
    tables = ServiceTables(options.tables, plan.package)
    problems = (*unfit, *calls.problems(tables.attributes))
    if any(problem.severity == "error" for problem in problems):
        return Emitted((), problems)
    user_files = (
        *_project(plan, options, calls, tables, renderer),
        *_layers(plan, renderer, dict(options.bodies)),
    )
    classes = (*_classes(plan), *calls.classes())
    files = (
        *user_files,
        *_always(contract, plan, calls, tables, renderer),
        *calls.files(renderer),
        *tables.files(renderer),
    )
    return emitted(files, problems, contract.groups[0].span, classes)


def _least(plan: Layout) -> int:
    """Return a lower bound for the characters of code that read requests, as each route repeats its fields' code."""
    sizes = {
        shape.name: sum(
            len(a.name) + len('=form.int("")') for a in shape.attributes for v in a.wire.values if v.source != "json"
        )
        for shape in plan.shapes.ordered
    }
    return sum(sizes[route.request.name] for route in plan.routes if route.request)


def _classes(plan: Layout) -> Iterator[ClassShape]:
    for shape in plan.shapes.ordered:
        fields = tuple(a.name for a in shape.attributes)
        yield ClassShape(
            f"{plan.package}.schemas", shape.name, fields, True, tuple(a.wire.main.key for a in shape.attributes)
        )


def _project(
    plan: Layout, options: HttpOptions, calls: Calls, tables: ServiceTables, renderer: Renderer
) -> Iterator[File]:
    settings = project.settings(plan, options.port, options.is_admin, calls, tables, renderer)
    blocks = (*project.blocks(plan, calls), *tables.blocks)
    return project.skeleton(plan, calls, tables, options.is_admin).once(settings, blocks, renderer)


def _layers(plan: Layout, renderer: Renderer, bodies: dict[str, LogicBody]) -> Iterator[File]:
    for one in plan.middlewares:
        path = f"{plan.package}/middleware/{one.module}.py"
        user = project.middleware(one, plan, renderer)
        yield File(path, user.text, Owner.ONCE, Role("middleware", one.origin), signature=user.signature)
    for number, route in enumerate(plan.routes):
        user = project.handler(route, plan, renderer, number)
        yield _once(route, user, "handler", plan)
    for number, route in enumerate(plan.routes):
        user = project.logic(route, plan, renderer, number, bodies.get(route.title))
        yield _once(route, user, "logic", plan)


def _once(route: RouteNames, user: UserText, layer: str, plan: Layout) -> File:
    path = route_path(plan, route, layer)
    return File(path, user.text, Owner.ONCE, Role(layer, route.title), route.route.handler_span, user.signature)


def _always(
    contract: Contract, plan: Layout, calls: Calls, tables: ServiceTables, renderer: Renderer
) -> Iterator[File]:
    package = plan.package
    skeleton = project.skeleton(plan, calls, tables)
    yield wiring(skeleton, project.wiring(plan, calls, tables), renderer)
    yield skeleton.app("http/app.py", f"The application of {plan.service}.", renderer)
    types = schemas.schemas(plan.shapes, package, plan.service, renderer)
    yield File(f"{package}/schemas.py", types, Owner.ALWAYS, Role("schemas"))
    yield File(f"{package}/routes.py", routes.routes(plan, renderer), Owner.ALWAYS, Role("routes"))
    if plan.has_page:  # else its modules are not imported
        from mallgen.emit.admin.page import page_file

        yield page_file(contract, plan.service, package, renderer)
    yield typed(package)
    for folder, what in _folders(plan):
        yield init(f"{package}/{folder}" if folder else package, folder or package, what, renderer)


def _folders(plan: Layout) -> list[tuple[str, str]]:
    docstrings = {"": f"The BFF {plan.service}."}
    if plan.middlewares:
        docstrings["middleware"] = f"The middlewares of {plan.service}."
    for layer, what in (("handler", "handlers"), ("logic", "logic")):
        docstrings[layer] = f"The {what} of {plan.service}."
        for route in plan.routes:
            parts = route.folder.split("/") if route.folder else []
            for count in range(1, len(parts) + 1):
                group = "/".join(parts[:count])
                docstrings[f"{layer}/{group}"] = f"The {what} of group {group}."
    return sorted(docstrings.items())
