# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/shopping-export"""

from mallgen_runtime import Context, Response

from order_admin.logic.shopping.export_shopping_logic import ExportShoppingLogic
from order_admin.schemas import ExportShoppingRequest
from order_admin.svc import ServiceContext


async def export_shopping_handler(
    ctx: Context, svc: ServiceContext, req: ExportShoppingRequest
) -> Response | None:
    """export shopping"""
    return await ExportShoppingLogic(ctx, svc).export_shopping(req)
