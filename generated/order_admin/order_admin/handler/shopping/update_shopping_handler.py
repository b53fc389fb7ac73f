# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PATCH /v1/shopping/:id"""

from mallgen_runtime import Context, Response

from order_admin.logic.shopping.update_shopping_logic import UpdateShoppingLogic
from order_admin.schemas import Shopping, UpdateShoppingRequest
from order_admin.svc import ServiceContext


async def update_shopping_handler(
    ctx: Context, svc: ServiceContext, req: UpdateShoppingRequest
) -> Shopping | Response:
    """change who receives an order that is not sent yet"""
    return await UpdateShoppingLogic(ctx, svc).update_shopping(req)
