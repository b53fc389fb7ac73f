# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PATCH /v1/banner/:id"""

from mallgen_runtime import ApiError, Context, Response
from mallgen_runtime.admin import refusing

from product_admin.admin import audit, banner_rows
from product_admin.schemas import Banner, UpdateBannerRequest
from product_admin.svc import ServiceContext


class UpdateBannerLogic:
    """update banner"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def update_banner(self, req: UpdateBannerRequest) -> Banner | Response:
        changes = banner_rows.changes(req)
        async with self.svc.db.transaction() as tx:
            rows = self.svc.banner.within(tx)
            old = await rows.find_one(req.id)
            if old is None:
                raise ApiError(404, "not_found", "there is no such banner")
            with refusing():
                is_done = await rows.update(req.id, **changes)
            new = await rows.find_one(req.id)
            if new is None or not is_done:
                raise ApiError(404, "not_found", "there is no such banner")
            before, after = banner_rows.view(old), banner_rows.view(new)
            await audit.note(
                self.svc,
                tx,
                self.ctx,
                "update",
                "banner",
                old.id,
                before=before,
                after=after,
            )
        return after
