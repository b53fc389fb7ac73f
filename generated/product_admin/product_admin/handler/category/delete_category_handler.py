# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/category/:id"""

from mallgen_runtime import Context, Response

from product_admin.logic.category.delete_category_logic import DeleteCategoryLogic
from product_admin.schemas import DeleteCategoryRequest
from product_admin.svc import ServiceContext


async def delete_category_handler(
    ctx: Context, svc: ServiceContext, req: DeleteCategoryRequest
) -> Response | None:
    """delete category"""
    return await DeleteCategoryLogic(ctx, svc).delete_category(req)
