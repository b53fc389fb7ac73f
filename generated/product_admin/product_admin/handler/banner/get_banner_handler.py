# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/banner/:id"""

from mallgen_runtime import Context, Response

from product_admin.logic.banner.get_banner_logic import GetBannerLogic
from product_admin.schemas import Banner, GetBannerRequest
from product_admin.svc import ServiceContext


async def get_banner_handler(
    ctx: Context, svc: ServiceContext, req: GetBannerRequest
) -> Banner | Response:
    """get banner"""
    return await GetBannerLogic(ctx, svc).get_banner(req)
