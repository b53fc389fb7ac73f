# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/pay/:order_id"""

from mallgen_runtime import Context

from mall_api.claims import uid
from mall_api.rpc.pay import StartRequest
from mall_api.schemas import PayStartRequest, PayStartResponse
from mall_api.svc import ServiceContext


class PayStartLogic:
    """开始支付一个订单"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def pay_start(self, req: PayStartRequest) -> PayStartResponse:
        started = await self.svc.pay_rpc.start(
            StartRequest(order_id=req.order_id, user_id=uid(self.ctx))
        )
        return PayStartResponse(payment_id=started.payment_id, amount=started.amount)
