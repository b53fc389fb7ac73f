# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/search"""

from mallgen_runtime import Context, Response

from wide_api.logic.login.get_logic import GetLogic
from wide_api.schemas import SearchRequest, User
from wide_api.svc import ServiceContext


async def get_handler(
    ctx: Context, svc: ServiceContext, req: SearchRequest
) -> User | Response:
    """GET /v1/search"""
    return await GetLogic(ctx, svc).get(req)
