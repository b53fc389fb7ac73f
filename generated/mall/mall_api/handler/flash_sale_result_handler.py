# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/flashsale/result"""

from mallgen_runtime import Context, Response

from mall_api.logic.flash_sale_result_logic import FlashSaleResultLogic
from mall_api.schemas import FlashSaleResultRequest, FlashSaleResultResponse
from mall_api.svc import ServiceContext


async def flash_sale_result_handler(
    ctx: Context, svc: ServiceContext, req: FlashSaleResultRequest
) -> FlashSaleResultResponse | Response:
    """抢购结果"""
    return await FlashSaleResultLogic(ctx, svc).flash_sale_result(req)
