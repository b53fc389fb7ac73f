"""GET /v1/flashsale"""

from mallgen_runtime import Context

from mall_api.products import product
from mall_api.rpc.product import CurrentSaleRequest
from mall_api.rpc.seckill import TimesRequest
from mall_api.schemas import FlashSaleResponse
from mall_api.svc import ServiceContext


class FlashSaleLogic:
    """限时抢购"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def flash_sale(self) -> FlashSaleResponse:
        """The sale as product.rpc announces it, and as seckill.rpc sells: its times count, what is over is not shown."""
        sale = await self.svc.product_rpc.current_sale(CurrentSaleRequest())
        ids = [item.product_id for item in sale.products]
        sales = (await self.svc.seckill_rpc.times(TimesRequest(product_ids=ids))).sales
        over = {one.product_id for one in sales if one.has_ended}
        starts = [one.start_time for one in sales if not one.has_ended]
        return FlashSaleResponse(
            start_time=min(filter(None, starts), default=sale.start_time),
            products=[
                product(item) for item in sale.products if item.product_id not in over
            ],
        )
