# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PATCH /v1/banner/:id"""

from mallgen_runtime import Context, Response

from product_admin.logic.banner.update_banner_logic import UpdateBannerLogic
from product_admin.schemas import Banner, UpdateBannerRequest
from product_admin.svc import ServiceContext


async def update_banner_handler(
    ctx: Context, svc: ServiceContext, req: UpdateBannerRequest
) -> Banner | Response:
    """update banner"""
    return await UpdateBannerLogic(ctx, svc).update_banner(req)
