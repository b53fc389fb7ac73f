# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/login"""

from mallgen_runtime import Context, Response

from order_admin.logic.login.login_logic import LoginLogic
from order_admin.schemas import LoginRequest, LoginResponse
from order_admin.svc import ServiceContext


async def login_handler(
    ctx: Context, svc: ServiceContext, req: LoginRequest
) -> LoginResponse | Response:
    """begin a session; sets its cookie, too"""
    return await LoginLogic(ctx, svc).login(req)
