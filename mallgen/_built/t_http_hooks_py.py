"""Built by scripts/build_tables.py from templates/http/hooks.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, page_imports: Any, package: Any, runs: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{module_docstring}\n\nfrom collections.abc import Sequence\n\nfrom mallgen_runtime import (\n    ApiError,\n    ClientInterceptor,\n    Context,\n    Middleware,\n    Response,\n    problem,\n)\n')
    for line_1 in page_imports:
        add(f'{line_1}\n')
    add(f'\nfrom {package}.svc import ServiceContext\n\n\ndef middlewares(svc: ServiceContext) -> Sequence[Middleware]:\n    """Return what runs around every request, the outermost first; unknown paths too."""\n    {runs}\n\n\ndef on_error(ctx: Context, error: ApiError) -> Response:\n    """Return the answer for a request that failed; `error.__cause__` is the reason.\n\n    The cause is None where an ApiError itself was raised.\n    """\n    return problem(ctx, error)\n\n\ndef on_success(ctx: Context, value: object) -> object:\n    """Return what is sent as JSON; `value` is what the handler returned.\n\n    It is None for a route without `returns`.\n    """\n    return value\n\n\ndef client_interceptors(svc: ServiceContext) -> Sequence[ClientInterceptor]:\n    """Return what runs around every call of another service, the outermost first."""\n    return ()\n')
    return "".join(parts)
