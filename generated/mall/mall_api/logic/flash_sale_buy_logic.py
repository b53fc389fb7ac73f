# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/flashsale/buy"""

from mallgen_runtime import Context

from mall_api.claims import uid
from mall_api.rpc.seckill import BuyRequest, BuyResponse
from mall_api.schemas import FlashSaleBuyRequest, FlashSaleBuyResponse
from mall_api.svc import ServiceContext


class FlashSaleBuyLogic:
    """抢购一件, 每人每件商品限购一件"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def flash_sale_buy(self, req: FlashSaleBuyRequest) -> FlashSaleBuyResponse:
        found = await self.svc.seckill_rpc.buy(
            BuyRequest(user_id=uid(self.ctx), product_id=req.product_id)
        )
        return FlashSaleBuyResponse(state=BuyResponse.State.Name(found.state).lower())
