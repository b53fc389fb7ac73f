# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orders"""

from mallgen_runtime import Context, Response

from order_admin.logic.orders.list_orders_logic import ListOrdersLogic
from order_admin.schemas import ListOrdersRequest, ListOrdersResponse
from order_admin.svc import ServiceContext


async def list_orders_handler(
    ctx: Context, svc: ServiceContext, req: ListOrdersRequest
) -> ListOrdersResponse | Response:
    """list orders"""
    return await ListOrdersLogic(ctx, svc).list_orders(req)
