# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/category"""

from mallgen_runtime import Context, Response

from product_admin.logic.category.list_category_logic import ListCategoryLogic
from product_admin.schemas import ListCategoryRequest, ListCategoryResponse
from product_admin.svc import ServiceContext


async def list_category_handler(
    ctx: Context, svc: ServiceContext, req: ListCategoryRequest
) -> ListCategoryResponse | Response:
    """list category"""
    return await ListCategoryLogic(ctx, svc).list_category(req)
