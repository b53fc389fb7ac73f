# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/category/:id"""

from mallgen_runtime import ApiError, Context, Response

from product_admin.admin import category_rows
from product_admin.schemas import Category, GetCategoryRequest
from product_admin.svc import ServiceContext


class GetCategoryLogic:
    """get category"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def get_category(self, req: GetCategoryRequest) -> Category | Response:
        row = await self.svc.category.find_one(req.id)
        if row is None:
            raise ApiError(404, "not_found", "there is no such category")
        return category_rows.view(row)
