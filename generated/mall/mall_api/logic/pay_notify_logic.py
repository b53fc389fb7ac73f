# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/pay/notify"""

from mallgen_runtime import Context, Response

from mall_api.rpc.pay import NotifyRequest
from mall_api.schemas import PayNotifyRequest
from mall_api.svc import ServiceContext


class PayNotifyLogic:
    """支付平台的通知, 正文与签名原样交给 pay.rpc"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def pay_notify(self, req: PayNotifyRequest) -> Response | None:
        await self.svc.pay_rpc.notify(
            NotifyRequest(
                body=await self.ctx.raw_body(),
                timestamp=req.timestamp,
                signature=req.signature,
            )
        )
        return None
