# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/banner/:id"""

from mallgen_runtime import ApiError, Context, Response
from mallgen_runtime.admin import refusing

from product_admin.admin import audit, banner_rows
from product_admin.schemas import DeleteBannerRequest
from product_admin.svc import ServiceContext


class DeleteBannerLogic:
    """delete banner"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def delete_banner(self, req: DeleteBannerRequest) -> Response | None:
        async with self.svc.db.transaction() as tx:
            rows = self.svc.banner.within(tx)
            old = await rows.find_one(req.id)
            if old is None:
                raise ApiError(404, "not_found", "there is no such banner")
            with refusing():
                is_done = await rows.delete(req.id)
            if not is_done:
                raise ApiError(404, "not_found", "there is no such banner")
            before = banner_rows.view(old)
            await audit.note(
                self.svc, tx, self.ctx, "delete", "banner", old.id, before=before
            )
        return None
