# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/cart/list"""

from mallgen_runtime import Context, Response

from mall_api.logic.cart_list_logic import CartListLogic
from mall_api.schemas import CartListRequest, CartListResponse
from mall_api.svc import ServiceContext


async def cart_list_handler(
    ctx: Context, svc: ServiceContext, req: CartListRequest
) -> CartListResponse | Response:
    """购物车列表, 最多 200 个商品, 不分页"""
    return await CartListLogic(ctx, svc).cart_list(req)
