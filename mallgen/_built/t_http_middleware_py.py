"""Built by scripts/build_tables.py from templates/http/middleware.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, package: Any, name: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{module_docstring}\n\nfrom mallgen_runtime import Context, Next, Response\n\nfrom {package}.svc import ServiceContext\n\n\nclass {name}:\n    """Made once per process; `handle` runs around every request of its routes."""\n\n    def __init__(self, svc: ServiceContext) -> None:\n        self.svc = svc\n\n    async def handle(self, ctx: Context, next_: Next) -> Response:\n        return await next_(ctx)\n')
    return "".join(parts)
