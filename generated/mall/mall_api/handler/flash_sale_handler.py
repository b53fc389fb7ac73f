# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/flashsale"""

from mallgen_runtime import Context, Response

from mall_api.logic.flash_sale_logic import FlashSaleLogic
from mall_api.schemas import FlashSaleResponse
from mall_api.svc import ServiceContext


async def flash_sale_handler(
    ctx: Context, svc: ServiceContext
) -> FlashSaleResponse | Response:
    """限时抢购"""
    return await FlashSaleLogic(ctx, svc).flash_sale()
