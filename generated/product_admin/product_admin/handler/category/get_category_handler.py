# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/category/:id"""

from mallgen_runtime import Context, Response

from product_admin.logic.category.get_category_logic import GetCategoryLogic
from product_admin.schemas import Category, GetCategoryRequest
from product_admin.svc import ServiceContext


async def get_category_handler(
    ctx: Context, svc: ServiceContext, req: GetCategoryRequest
) -> Category | Response:
    """get category"""
    return await GetCategoryLogic(ctx, svc).get_category(req)
