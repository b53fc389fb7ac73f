# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/refresh"""

from mallgen_runtime import Context, Response

from order_admin.logic.login.refresh_logic import RefreshLogic
from order_admin.schemas import LoginResponse, RefreshRequest
from order_admin.svc import ServiceContext


async def refresh_handler(
    ctx: Context, svc: ServiceContext, req: RefreshRequest
) -> LoginResponse | Response:
    """new tokens for a refresh token"""
    return await RefreshLogic(ctx, svc).refresh(req)
