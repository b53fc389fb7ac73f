# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/user/login"""

from mallgen_runtime import Context, Response

from mall_api.logic.login_logic import LoginLogic
from mall_api.schemas import LoginRequest, LoginResponse
from mall_api.svc import ServiceContext


async def login_handler(
    ctx: Context, svc: ServiceContext, req: LoginRequest
) -> LoginResponse | Response:
    """登录"""
    return await LoginLogic(ctx, svc).login(req)
