# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The middleware Audit."""

from mallgen_runtime import Context, Next, Response

from wide_api.svc import ServiceContext


class AuditMiddleware:
    """Made once per process; `handle` runs around every request of its routes."""

    def __init__(self, svc: ServiceContext) -> None:
        self.svc = svc

    async def handle(self, ctx: Context, next_: Next) -> Response:
        return await next_(ctx)
