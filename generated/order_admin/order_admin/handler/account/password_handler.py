# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/password"""

from mallgen_runtime import Context, Response

from order_admin.logic.account.password_logic import PasswordLogic
from order_admin.schemas import PasswordRequest
from order_admin.svc import ServiceContext


async def password_handler(
    ctx: Context, svc: ServiceContext, req: PasswordRequest
) -> Response | None:
    """change the own password, which ends all sessions"""
    return await PasswordLogic(ctx, svc).password(req)
