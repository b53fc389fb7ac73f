# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orders-export"""

from mallgen_runtime import Context, Response

from order_admin.logic.orders.export_orders_logic import ExportOrdersLogic
from order_admin.schemas import ExportOrdersRequest
from order_admin.svc import ServiceContext


async def export_orders_handler(
    ctx: Context, svc: ServiceContext, req: ExportOrdersRequest
) -> Response | None:
    """export orders"""
    return await ExportOrdersLogic(ctx, svc).export_orders(req)
