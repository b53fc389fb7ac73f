# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/banner/:id"""

from mallgen_runtime import ApiError, Context, Response

from product_admin.admin import banner_rows
from product_admin.schemas import Banner, GetBannerRequest
from product_admin.svc import ServiceContext


class GetBannerLogic:
    """get banner"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def get_banner(self, req: GetBannerRequest) -> Banner | Response:
        row = await self.svc.banner.find_one(req.id)
        if row is None:
            raise ApiError(404, "not_found", "there is no such banner")
        return banner_rows.view(row)
