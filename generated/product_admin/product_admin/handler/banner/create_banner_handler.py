# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/banner"""

from mallgen_runtime import Context, Response

from product_admin.logic.banner.create_banner_logic import CreateBannerLogic
from product_admin.schemas import Banner, CreateBannerRequest
from product_admin.svc import ServiceContext


async def create_banner_handler(
    ctx: Context, svc: ServiceContext, req: CreateBannerRequest
) -> Banner | Response:
    """create banner"""
    return await CreateBannerLogic(ctx, svc).create_banner(req)
