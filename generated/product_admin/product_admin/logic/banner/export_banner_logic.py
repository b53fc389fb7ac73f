# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/banner-export"""

from mallgen_runtime import Context, Response, StreamingResponse

from product_admin.admin import banner_rows
from product_admin.schemas import ExportBannerRequest
from product_admin.svc import ServiceContext


class ExportBannerLogic:
    """export banner"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def export_banner(self, req: ExportBannerRequest) -> Response | None:
        pieces = banner_rows.lines(self.svc.banner, req)
        answer = StreamingResponse(pieces, content_type="text/csv; charset=utf-8")
        answer.headers["content-disposition"] = 'attachment; filename="banner.csv"'
        return answer
