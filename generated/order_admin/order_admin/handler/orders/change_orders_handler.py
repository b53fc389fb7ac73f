# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/orders-change"""

from mallgen_runtime import Context, Response

from order_admin.logic.orders.change_orders_logic import ChangeOrdersLogic
from order_admin.schemas import ChangeOrdersRequest, ChangeOrdersResponse
from order_admin.svc import ServiceContext


async def change_orders_handler(
    ctx: Context, svc: ServiceContext, req: ChangeOrdersRequest
) -> ChangeOrdersResponse | Response:
    """give several orders their next status"""
    return await ChangeOrdersLogic(ctx, svc).change_orders(req)
