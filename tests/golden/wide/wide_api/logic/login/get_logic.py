# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/search"""

from mallgen_runtime import Context, Response

from wide_api.schemas import SearchRequest, User
from wide_api.svc import ServiceContext


class GetLogic:
    """GET /v1/search"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def get(self, req: SearchRequest) -> User | Response:
        raise NotImplementedError("GET /v1/search")
