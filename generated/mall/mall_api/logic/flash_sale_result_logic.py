# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/flashsale/result"""

from mallgen_runtime import Context

from mall_api.claims import uid
from mall_api.rpc.seckill import ResultRequest, ResultResponse
from mall_api.schemas import FlashSaleResultRequest, FlashSaleResultResponse
from mall_api.svc import ServiceContext


class FlashSaleResultLogic:
    """抢购结果"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def flash_sale_result(
        self, req: FlashSaleResultRequest
    ) -> FlashSaleResultResponse:
        found = await self.svc.seckill_rpc.result(
            ResultRequest(user_id=uid(self.ctx), product_id=req.product_id)
        )
        return FlashSaleResultResponse(
            state=ResultResponse.State.Name(found.state).lower(),
            order_id=found.order_id,
        )
