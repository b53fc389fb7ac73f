# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PUT /v1/cart/:product_id"""

from mallgen_runtime import Context, Response

from mall_api.logic.cart_change_logic import CartChangeLogic
from mall_api.schemas import CartChangeRequest, CartCountResponse
from mall_api.svc import ServiceContext


async def cart_change_handler(
    ctx: Context, svc: ServiceContext, req: CartChangeRequest
) -> CartCountResponse | Response:
    """修改购物车中商品的数量"""
    return await CartChangeLogic(ctx, svc).cart_change(req)
