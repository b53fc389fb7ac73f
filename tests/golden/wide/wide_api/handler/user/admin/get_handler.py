# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/users/:id/friends"""

from mallgen_runtime import Context, Response

from wide_api.logic.user.admin.get_logic import GetLogic
from wide_api.schemas import GetRequest, User
from wide_api.svc import ServiceContext


async def get_handler(
    ctx: Context, svc: ServiceContext, req: GetRequest
) -> list[User] | Response:
    """GET /v1/users/:id/friends"""
    return await GetLogic(ctx, svc).get(req)
