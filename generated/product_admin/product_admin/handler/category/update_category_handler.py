# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PATCH /v1/category/:id"""

from mallgen_runtime import Context, Response

from product_admin.logic.category.update_category_logic import UpdateCategoryLogic
from product_admin.schemas import Category, UpdateCategoryRequest
from product_admin.svc import ServiceContext


async def update_category_handler(
    ctx: Context, svc: ServiceContext, req: UpdateCategoryRequest
) -> Category | Response:
    """update category"""
    return await UpdateCategoryLogic(ctx, svc).update_category(req)
