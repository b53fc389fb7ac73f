# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/banner"""

from mallgen_runtime import Context, Response

from product_admin.logic.banner.list_banner_logic import ListBannerLogic
from product_admin.schemas import ListBannerRequest, ListBannerResponse
from product_admin.svc import ServiceContext


async def list_banner_handler(
    ctx: Context, svc: ServiceContext, req: ListBannerRequest
) -> ListBannerResponse | Response:
    """list banner"""
    return await ListBannerLogic(ctx, svc).list_banner(req)
