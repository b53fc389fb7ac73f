# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/banner/:id"""

from mallgen_runtime import Context, Response

from product_admin.logic.banner.delete_banner_logic import DeleteBannerLogic
from product_admin.schemas import DeleteBannerRequest
from product_admin.svc import ServiceContext


async def delete_banner_handler(
    ctx: Context, svc: ServiceContext, req: DeleteBannerRequest
) -> Response | None:
    """delete banner"""
    return await DeleteBannerLogic(ctx, svc).delete_banner(req)
