# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PATCH /v1/product/:id"""

from mallgen_runtime import ApiError, Context, Response
from mallgen_runtime.admin import refusing

from product_admin.admin import audit, product_rows
from product_admin.schemas import Product, UpdateProductRequest
from product_admin.svc import ServiceContext


class UpdateProductLogic:
    """update product"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def update_product(self, req: UpdateProductRequest) -> Product | Response:
        changes = product_rows.changes(req)
        async with self.svc.db.transaction() as tx:
            rows = self.svc.product.within(tx)
            old = await rows.find_one(req.id)
            if old is None:
                raise ApiError(404, "not_found", "there is no such product")
            with refusing():
                is_done = await rows.update(req.id, **changes)
            new = await rows.find_one(req.id)
            if new is None or not is_done:
                raise ApiError(404, "not_found", "there is no such product")
            before, after = product_rows.view(old), product_rows.view(new)
            await audit.note(
                self.svc,
                tx,
                self.ctx,
                "update",
                "product",
                old.id,
                before=before,
                after=after,
            )
        return after
