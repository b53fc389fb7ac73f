# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/category"""

from mallgen_runtime import Context, Response

from product_admin.admin import category_rows
from product_admin.schemas import ListCategoryRequest, ListCategoryResponse
from product_admin.svc import ServiceContext


class ListCategoryLogic:
    """list category"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def list_category(
        self, req: ListCategoryRequest
    ) -> ListCategoryResponse | Response:
        rows, cursor = await category_rows.page(self.svc.category, req)
        items = [category_rows.view(row) for row in rows]
        return ListCategoryResponse(items=items, cursor=cursor)
