# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/users/:id/friends"""

from mallgen_runtime import Context, Response

from wide_api.schemas import GetRequest, User
from wide_api.svc import ServiceContext


class GetLogic:
    """GET /v1/users/:id/friends"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def get(self, req: GetRequest) -> list[User] | Response:
        raise NotImplementedError("GET /v1/users/:id/friends")
