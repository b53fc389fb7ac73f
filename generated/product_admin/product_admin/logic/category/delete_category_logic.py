# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/category/:id"""

from mallgen_runtime import ApiError, Context, Response
from mallgen_runtime.admin import refusing

from product_admin.admin import audit, category_rows
from product_admin.schemas import DeleteCategoryRequest
from product_admin.svc import ServiceContext


class DeleteCategoryLogic:
    """delete category"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def delete_category(self, req: DeleteCategoryRequest) -> Response | None:
        async with self.svc.db.transaction() as tx:
            rows = self.svc.category.within(tx)
            old = await rows.find_one(req.id)
            if old is None:
                raise ApiError(404, "not_found", "there is no such category")
            with refusing():
                is_done = await rows.delete(req.id)
            if not is_done:
                raise ApiError(404, "not_found", "there is no such category")
            before = category_rows.view(old)
            await audit.note(
                self.svc, tx, self.ctx, "delete", "category", old.id, before=before
            )
        return None
