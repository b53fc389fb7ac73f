# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/ping"""

from mallgen_runtime import Context, Response

from wide_api.svc import ServiceContext


class PingLogic:
    """GET /v1/ping"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def ping(self) -> Response | None:
        raise NotImplementedError("GET /v1/ping")
