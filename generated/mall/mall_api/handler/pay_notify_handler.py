# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/pay/notify"""

from mallgen_runtime import Context, Response

from mall_api.logic.pay_notify_logic import PayNotifyLogic
from mall_api.schemas import PayNotifyRequest
from mall_api.svc import ServiceContext


async def pay_notify_handler(
    ctx: Context, svc: ServiceContext, req: PayNotifyRequest
) -> Response | None:
    """支付平台的通知, 正文与签名原样交给 pay.rpc"""
    return await PayNotifyLogic(ctx, svc).pay_notify(req)
