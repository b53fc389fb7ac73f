# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orders-row"""

from mallgen_runtime import Context, Response

from order_admin.logic.orders.get_orders_logic import GetOrdersLogic
from order_admin.schemas import GetOrdersRequest, Orders
from order_admin.svc import ServiceContext


async def get_orders_handler(
    ctx: Context, svc: ServiceContext, req: GetOrdersRequest
) -> Orders | Response:
    """get orders"""
    return await GetOrdersLogic(ctx, svc).get_orders(req)
