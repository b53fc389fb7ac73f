# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PATCH /v1/orders-row"""

from mallgen_runtime import Context, Response

from order_admin.logic.orders.update_orders_logic import UpdateOrdersLogic
from order_admin.schemas import Orders, UpdateOrdersRequest
from order_admin.svc import ServiceContext


async def update_orders_handler(
    ctx: Context, svc: ServiceContext, req: UpdateOrdersRequest
) -> Orders | Response:
    """give an order its next status"""
    return await UpdateOrdersLogic(ctx, svc).update_orders(req)
