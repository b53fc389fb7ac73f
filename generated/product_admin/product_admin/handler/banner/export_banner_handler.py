# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/banner-export"""

from mallgen_runtime import Context, Response

from product_admin.logic.banner.export_banner_logic import ExportBannerLogic
from product_admin.schemas import ExportBannerRequest
from product_admin.svc import ServiceContext


async def export_banner_handler(
    ctx: Context, svc: ServiceContext, req: ExportBannerRequest
) -> Response | None:
    """export banner"""
    return await ExportBannerLogic(ctx, svc).export_banner(req)
