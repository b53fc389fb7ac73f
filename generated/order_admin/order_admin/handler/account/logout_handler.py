# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/logout"""

from mallgen_runtime import Context, Response

from order_admin.logic.account.logout_logic import LogoutLogic
from order_admin.svc import ServiceContext


async def logout_handler(ctx: Context, svc: ServiceContext) -> Response | None:
    """end the session"""
    return await LogoutLogic(ctx, svc).logout()
