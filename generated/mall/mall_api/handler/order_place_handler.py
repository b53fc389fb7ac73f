# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/order"""

from mallgen_runtime import Context, Response

from mall_api.logic.order_place_logic import OrderPlaceLogic
from mall_api.schemas import OrderPlaceRequest, OrderPlaceResponse
from mall_api.svc import ServiceContext


async def order_place_handler(
    ctx: Context, svc: ServiceContext, req: OrderPlaceRequest
) -> OrderPlaceResponse | Response:
    """下单: 购买购物车中的商品"""
    return await OrderPlaceLogic(ctx, svc).order_place(req)
