# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/order/list"""

from mallgen_runtime import Context, Response

from mall_api.logic.order_list_logic import OrderListLogic
from mall_api.schemas import OrderListRequest, OrderListResponse
from mall_api.svc import ServiceContext


async def order_list_handler(
    ctx: Context, svc: ServiceContext, req: OrderListRequest
) -> OrderListResponse | Response:
    """订单列表"""
    return await OrderListLogic(ctx, svc).order_list(req)
