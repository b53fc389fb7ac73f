# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/flashsale/buy"""

from mallgen_runtime import Context, Response

from mall_api.logic.flash_sale_buy_logic import FlashSaleBuyLogic
from mall_api.schemas import FlashSaleBuyRequest, FlashSaleBuyResponse
from mall_api.svc import ServiceContext


async def flash_sale_buy_handler(
    ctx: Context, svc: ServiceContext, req: FlashSaleBuyRequest
) -> FlashSaleBuyResponse | Response:
    """抢购一件"""
    return await FlashSaleBuyLogic(ctx, svc).flash_sale_buy(req)
