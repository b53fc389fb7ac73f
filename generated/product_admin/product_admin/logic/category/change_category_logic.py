# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/category-change"""

from mallgen_runtime import ApiError, Context, Response
from mallgen_runtime.admin import refusing

from product_admin.admin import audit, category_rows
from product_admin.schemas import ChangeCategoryRequest, ChangeCategoryResponse
from product_admin.svc import ServiceContext


class ChangeCategoryLogic:
    """change category"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def change_category(
        self, req: ChangeCategoryRequest
    ) -> ChangeCategoryResponse | Response:
        count = 0
        changes = category_rows.marks(req) if req.action == "set" else None
        async with self.svc.db.transaction() as tx:
            rows = self.svc.category.within(tx)
            for old in await rows.find_many(req.keys):
                key, before = old.id, category_rows.view(old)
                with refusing():
                    if changes is None:
                        is_done = await rows.delete(key)
                    else:
                        is_done = await rows.update(key, **changes)
                if not is_done:
                    raise ApiError(
                        409, "changed", "somebody else has changed it: read it again"
                    )
                new = await rows.find_one(key)
                after = None if new is None else category_rows.view(new)
                await audit.note(
                    self.svc,
                    tx,
                    self.ctx,
                    req.action,
                    "category",
                    key,
                    before=before,
                    after=after,
                )
                count += 1
        return ChangeCategoryResponse(changed=count)
