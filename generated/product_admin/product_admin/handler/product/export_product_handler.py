# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/product-export"""

from mallgen_runtime import Context, Response

from product_admin.logic.product.export_product_logic import ExportProductLogic
from product_admin.schemas import ExportProductRequest
from product_admin.svc import ServiceContext


async def export_product_handler(
    ctx: Context, svc: ServiceContext, req: ExportProductRequest
) -> Response | None:
    """export product"""
    return await ExportProductLogic(ctx, svc).export_product(req)
