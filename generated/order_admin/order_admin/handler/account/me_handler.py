# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/me"""

from mallgen_runtime import Context, Response

from order_admin.logic.account.me_logic import MeLogic
from order_admin.schemas import MeResponse
from order_admin.svc import ServiceContext


async def me_handler(ctx: Context, svc: ServiceContext) -> MeResponse | Response:
    """who has logged in"""
    return await MeLogic(ctx, svc).me()
