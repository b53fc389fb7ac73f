# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/svc"""

from mallgen_runtime import Context, Response

from wide_api.schemas import Empty
from wide_api.svc import ServiceContext


class SvcLogic:
    """DELETE /v1/svc"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def svc_(self, req: Empty) -> Empty | Response:
        raise NotImplementedError("DELETE /v1/svc")
