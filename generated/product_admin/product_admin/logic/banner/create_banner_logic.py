# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/banner"""

from mallgen_runtime import ApiError, Context, Response
from mallgen_runtime.admin import refusing

from product_admin.admin import audit, banner_rows
from product_admin.schemas import Banner, CreateBannerRequest
from product_admin.svc import ServiceContext


class CreateBannerLogic:
    """create banner"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def create_banner(self, req: CreateBannerRequest) -> Banner | Response:
        values = banner_rows.values(req)
        async with self.svc.db.transaction() as tx:
            rows = self.svc.banner.within(tx)
            with refusing():
                key = await rows.insert(**values)
            row = await rows.find_one(key)
            if row is None:
                raise ApiError(404, "not_found", "there is no such banner")
            after = banner_rows.view(row)
            await audit.note(
                self.svc, tx, self.ctx, "create", "banner", row.id, after=after
            )
        return after
