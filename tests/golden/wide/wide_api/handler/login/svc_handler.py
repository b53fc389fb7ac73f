# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/svc"""

from mallgen_runtime import Context, Response

from wide_api.logic.login.svc_logic import SvcLogic
from wide_api.schemas import Empty
from wide_api.svc import ServiceContext


async def svc_handler(
    ctx: Context, svc: ServiceContext, req: Empty
) -> Empty | Response:
    """DELETE /v1/svc"""
    return await SvcLogic(ctx, svc).svc_(req)
