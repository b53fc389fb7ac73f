# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/category"""

from mallgen_runtime import ApiError, Context, Response
from mallgen_runtime.admin import refusing

from product_admin.admin import audit, category_rows
from product_admin.schemas import Category, CreateCategoryRequest
from product_admin.svc import ServiceContext


class CreateCategoryLogic:
    """create category"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def create_category(self, req: CreateCategoryRequest) -> Category | Response:
        values = category_rows.values(req)
        async with self.svc.db.transaction() as tx:
            rows = self.svc.category.within(tx)
            with refusing():
                key = await rows.insert(**values)
            row = await rows.find_one(key)
            if row is None:
                raise ApiError(404, "not_found", "there is no such category")
            after = category_rows.view(row)
            await audit.note(
                self.svc, tx, self.ctx, "create", "category", row.id, after=after
            )
        return after
