# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/banner"""

from mallgen_runtime import Context, Response

from product_admin.admin import banner_rows
from product_admin.schemas import ListBannerRequest, ListBannerResponse
from product_admin.svc import ServiceContext


class ListBannerLogic:
    """list banner"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def list_banner(
        self, req: ListBannerRequest
    ) -> ListBannerResponse | Response:
        rows, cursor = await banner_rows.page(self.svc.banner, req)
        items = [banner_rows.view(row) for row in rows]
        return ListBannerResponse(items=items, cursor=cursor)
