# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/shopping/:id"""

from mallgen_runtime import Context, Response

from order_admin.logic.shopping.get_shopping_logic import GetShoppingLogic
from order_admin.schemas import GetShoppingRequest, Shopping
from order_admin.svc import ServiceContext


async def get_shopping_handler(
    ctx: Context, svc: ServiceContext, req: GetShoppingRequest
) -> Shopping | Response:
    """get shopping"""
    return await GetShoppingLogic(ctx, svc).get_shopping(req)
