# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/category"""

from mallgen_runtime import Context, Response

from product_admin.logic.category.create_category_logic import CreateCategoryLogic
from product_admin.schemas import Category, CreateCategoryRequest
from product_admin.svc import ServiceContext


async def create_category_handler(
    ctx: Context, svc: ServiceContext, req: CreateCategoryRequest
) -> Category | Response:
    """create category"""
    return await CreateCategoryLogic(ctx, svc).create_category(req)
