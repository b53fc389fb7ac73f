# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orderitem-export"""

from mallgen_runtime import Context, Response

from order_admin.logic.orderitem.export_orderitem_logic import ExportOrderitemLogic
from order_admin.schemas import ExportOrderitemRequest
from order_admin.svc import ServiceContext


async def export_orderitem_handler(
    ctx: Context, svc: ServiceContext, req: ExportOrderitemRequest
) -> Response | None:
    """export orderitem"""
    return await ExportOrderitemLogic(ctx, svc).export_orderitem(req)
