# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/category-change"""

from mallgen_runtime import Context, Response

from product_admin.logic.category.change_category_logic import ChangeCategoryLogic
from product_admin.schemas import ChangeCategoryRequest, ChangeCategoryResponse
from product_admin.svc import ServiceContext


async def change_category_handler(
    ctx: Context, svc: ServiceContext, req: ChangeCategoryRequest
) -> ChangeCategoryResponse | Response:
    """change category"""
    return await ChangeCategoryLogic(ctx, svc).change_category(req)
