# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/cart"""

from mallgen_runtime import Context, Response

from mall_api.logic.cart_add_logic import CartAddLogic
from mall_api.schemas import CartAddRequest, CartCountResponse
from mall_api.svc import ServiceContext


async def cart_add_handler(
    ctx: Context, svc: ServiceContext, req: CartAddRequest
) -> CartCountResponse | Response:
    """加入购物车"""
    return await CartAddLogic(ctx, svc).cart_add(req)
