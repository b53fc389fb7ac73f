"""GET /v1/flashsale"""

from mallgen_runtime import Context

from mall_api.schemas import FlashSaleResponse
from mall_api.store import START
from mall_api.svc import ServiceContext


class FlashSaleLogic:
    """限时抢购"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def flash_sale(self) -> FlashSaleResponse:
        products = self.svc.store.products[:10]
        return FlashSaleResponse(start_time=START, products=products)
