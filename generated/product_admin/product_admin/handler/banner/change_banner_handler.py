# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/banner-change"""

from mallgen_runtime import Context, Response

from product_admin.logic.banner.change_banner_logic import ChangeBannerLogic
from product_admin.schemas import ChangeBannerRequest, ChangeBannerResponse
from product_admin.svc import ServiceContext


async def change_banner_handler(
    ctx: Context, svc: ServiceContext, req: ChangeBannerRequest
) -> ChangeBannerResponse | Response:
    """change banner"""
    return await ChangeBannerLogic(ctx, svc).change_banner(req)
