# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/category/list"""

from mallgen_runtime import Context, Response

from mall_api.logic.category_list_logic import CategoryListLogic
from mall_api.schemas import CategoryListRequest, CategoryListResponse
from mall_api.svc import ServiceContext


async def category_list_handler(
    ctx: Context, svc: ServiceContext, req: CategoryListRequest
) -> CategoryListResponse | Response:
    """分类商品列表"""
    return await CategoryListLogic(ctx, svc).category_list(req)
