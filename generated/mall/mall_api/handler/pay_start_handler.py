# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/pay/:order_id"""

from mallgen_runtime import Context, Response

from mall_api.logic.pay_start_logic import PayStartLogic
from mall_api.schemas import PayStartRequest, PayStartResponse
from mall_api.svc import ServiceContext


async def pay_start_handler(
    ctx: Context, svc: ServiceContext, req: PayStartRequest
) -> PayStartResponse | Response:
    """开始支付一个订单"""
    return await PayStartLogic(ctx, svc).pay_start(req)
