# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/home/banner"""

from mallgen_runtime import Context, Response

from mall_api.logic.home_banner_logic import HomeBannerLogic
from mall_api.schemas import HomeBannerResponse
from mall_api.svc import ServiceContext


async def home_banner_handler(
    ctx: Context, svc: ServiceContext
) -> HomeBannerResponse | Response:
    """首页 Banner"""
    return await HomeBannerLogic(ctx, svc).home_banner()
