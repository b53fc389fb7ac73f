# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/category-export"""

from mallgen_runtime import Context, Response

from product_admin.logic.category.export_category_logic import ExportCategoryLogic
from product_admin.schemas import ExportCategoryRequest
from product_admin.svc import ServiceContext


async def export_category_handler(
    ctx: Context, svc: ServiceContext, req: ExportCategoryRequest
) -> Response | None:
    """export category"""
    return await ExportCategoryLogic(ctx, svc).export_category(req)
