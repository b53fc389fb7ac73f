"""Checks that goctl's parser makes and the grammar here does not: HTTP methods and the names of services."""

from collections.abc import Iterable, Iterator

from mallgen.diagnostics import Diagnostic
from mallgen.syntax.nodes import Node, ServiceNode

METHODS = ("get", "head", "post", "put", "patch", "delete", "connect", "options", "trace")


def wrong_words(nodes: Iterable[Node]) -> Iterator[Diagnostic]:
    """Yield an error for each method and each name of a service that goctl refuses."""
    for node in nodes:
        if isinstance(node, ServiceNode):
            yield from _check_service(node)


def _check_service(service: ServiceNode) -> Iterator[Diagnostic]:
    head, dash, tail = service.name.value.partition("-")
    if dash and tail != "api":
        message = f"`{service.name.value}` is not a name for a service"
        plain = f"{head}_{tail}".replace("-", "_").removesuffix("_api")
        hint = f"write `{plain}` or `{plain}-api`: the only hyphen is the one before `api`"
        yield Diagnostic("service-name", message, service.name.span, hint)
    for item in service.items:
        method = item.method
        if method.value not in METHODS:
            from mallgen.text.suggest import did_you_mean  # only where something is wrong

            hint = did_you_mean(method.value, METHODS) or f"methods are {', '.join(METHODS)}"
            yield Diagnostic("unknown-method", f"there is no method `{method.value}`", method.span, hint)
