"""GET /v1/flashsale"""

from mallgen_runtime import Context

from mall_api.products import product
from mall_api.rpc.product import CurrentSaleRequest
from mall_api.schemas import FlashSaleResponse
from mall_api.svc import ServiceContext


class FlashSaleLogic:
    """限时抢购"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def flash_sale(self) -> FlashSaleResponse:
        sale = await self.svc.product_rpc.current_sale(CurrentSaleRequest())
        products = [product(item) for item in sale.products]
        return FlashSaleResponse(start_time=sale.start_time, products=products)
