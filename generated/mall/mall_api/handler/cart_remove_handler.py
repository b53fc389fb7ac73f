# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/cart/:product_id"""

from mallgen_runtime import Context, Response

from mall_api.logic.cart_remove_logic import CartRemoveLogic
from mall_api.schemas import CartRemoveRequest
from mall_api.svc import ServiceContext


async def cart_remove_handler(
    ctx: Context, svc: ServiceContext, req: CartRemoveRequest
) -> Response | None:
    """移出购物车"""
    return await CartRemoveLogic(ctx, svc).cart_remove(req)
