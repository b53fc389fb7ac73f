"""Checks that a contract can become a service, made before anything is rendered."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.contract import wire
from mallgen.contract.loaded import Loaded
from mallgen.diagnostics import Diagnostic
from mallgen.emit.http import shapes
from mallgen.emit.http.layout import Layout, RouteNames, layout
from mallgen.model import PAGE_KEY, Contract, Field, Named
from mallgen.output import paths
from mallgen.output.files import File
from mallgen.output.records import Owner
from mallgen.python import names
from mallgen.text.span import Span


class Decided(NamedTuple):
    """The names of a contract's code, and the diagnostics about them and the tags."""

    plan: Layout
    problems: tuple[Diagnostic, ...]


def decide(contract: Contract, package: str = "") -> Decided:
    """Choose all names and check them and the tags; `package` replaces the one derived from the service's name."""
    types = shapes.build(contract)
    plan = layout(contract, types, package)
    tags = wire.wrong_tags(attribute.wire for shape in types.ordered for attribute in shape.attributes)
    return Decided(
        plan, (*types.problems, *plan.problems, *tags, *_package(plan, contract), *_requests(plan), *_page(contract))
    )


def _page(contract: Contract) -> Iterator[Diagnostic]:
    if any(pair.key == PAGE_KEY for pair in contract.info):
        from mallgen.contract.back_office import wrong  # few contracts have a page

        yield from wrong(contract)


def judged(loaded: Loaded) -> Loaded:
    """Add the diagnostics of generating code: its errors as `unfit`, its warnings as warnings."""
    if loaded.contract is None or loaded.strict().contract is None:
        return loaded
    known = set(loaded.diagnostics)
    more = [replace(d, severity="unfit") if d.severity == "error" else d for d in judge(loaded.contract)]
    return loaded._replace(diagnostics=(*loaded.diagnostics, *(d for d in more if d not in known)))


def judge(contract: Contract) -> tuple[Diagnostic, ...]:
    """Return the diagnostics that generating code from `contract` would have, without generating any."""
    plan, problems = decide(contract)
    if any(problem.severity == "error" for problem in problems):
        return problems
    return (*problems, *paths.check(_files(plan)))


def _files(plan: Layout) -> Iterator[File]:
    """Yield the files whose names depend on the contract, without their texts."""
    span = plan.routes[0].group.span if plan.routes else None
    yield File(f"{plan.package}/svc.py", "", Owner.ONCE, None, span)
    yield File(f"{plan.package}/hooks.py", "", Owner.ONCE, None, span)
    yield File(f"etc/{plan.service}.yaml", "", Owner.ONCE, None, span)
    for middleware in plan.middlewares:
        yield File(f"{plan.package}/middleware/{middleware.module}.py", "", Owner.ONCE, None, span)
    for layer in ("handler", "logic"):
        for route in plan.routes:
            yield File(route_path(plan, route, layer), "", Owner.ONCE, None, route.route.handler_span)


def route_path(plan: Layout, route: RouteNames, layer: str) -> str:
    """Return the path of a route's handler or logic."""
    folder = f"{route.folder}/" if route.folder else ""
    return f"{plan.package}/{layer}/{folder}{names.snake(route.base)}_{layer}.py"


def _package(plan: Layout, contract: Contract) -> Iterator[Diagnostic]:
    if names.is_taken(plan.package):
        message = f"the package `{plan.package}` would shadow a library of that name"
        span = contract.groups[0].span
        yield Diagnostic("taken-name", message, span, "give the service another name")


def _requests(plan: Layout) -> Iterator[Diagnostic]:
    read = {s.name: [a.field for a in s.attributes if a.wire.of("path")] for s in plan.shapes.ordered}
    for route in plan.routes:
        ref = route.route.request
        if ref is not None and route.request is None:
            span = ref.span if isinstance(ref, Named) else route.route.span
            yield Diagnostic(
                "bad-request", "a request must be a struct", span, "declare a type with the fields of the request"
            )
        if route.request is not None:
            yield from _path_fields(route, read[route.request.name])


def _path_fields(route: RouteNames, read: list[Field]) -> Iterator[Diagnostic]:
    assert route.request is not None
    for field, binding in wire.without_parameter(read, route.route.full_path):
        name = f"{route.request.origin}.{field.name}"
        message = f"`{route.title}` has no `:{binding.key}`, which `{name}` is read from"
        hint = f"write `:{binding.key}` in the path, or mark the field `optional`"
        span: Span = route.route.path_span
        yield Diagnostic("path-field-without-parameter", message, span, hint, severity="warning")
