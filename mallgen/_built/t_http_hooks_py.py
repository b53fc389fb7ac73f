"""Built by scripts/build_tables.py from templates/http/hooks.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, package: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{module_docstring}\n\nfrom collections.abc import Sequence\n\nfrom mallgen_runtime import ApiError, ClientInterceptor, Context, Middleware, Response, problem\n\nfrom {package}.svc import ServiceContext\n\n\ndef middlewares(svc: ServiceContext) -> Sequence[Middleware]:\n    """Return what runs around every request, those that no route answers too; the first one stands outermost."""\n    return ()\n\n\ndef on_error(ctx: Context, error: ApiError) -> Response:\n    """Return the answer for a request that failed; `error.__cause__` is what was raised, if it was no ApiError."""\n    return problem(ctx, error)\n\n\ndef on_success(ctx: Context, value: object) -> object:\n    """Return what is sent as JSON; `value` is what the handler returned, None for a route without `returns`."""\n    return value\n\n\ndef client_interceptors(svc: ServiceContext) -> Sequence[ClientInterceptor]:\n    """Return what runs around every call of another service; the first one stands outermost."""\n    return ()\n')
    return "".join(parts)
