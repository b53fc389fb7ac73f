# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/login"""

from mallgen_runtime import Context, Response

from wide_api.logic.login.login_logic import LoginLogic
from wide_api.schemas import LoginRequest
from wide_api.svc import ServiceContext


async def login_handler(
    ctx: Context, svc: ServiceContext, req: LoginRequest
) -> Response | None:
    """Login with a form."""
    return await LoginLogic(ctx, svc).login(req)
