"""GET /v1/order/list"""

from mallgen_runtime import Context

from mall_api.schemas import OrderListRequest, OrderListResponse
from mall_api.store import page
from mall_api.svc import ServiceContext


class OrderListLogic:
    """订单列表"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def order_list(self, req: OrderListRequest) -> OrderListResponse:
        found = self.svc.store.orders(req.uid, req.status)
        orders, last, is_end = page(
            found, lambda item: item.create_time, req.cursor, req.ps
        )
        return OrderListResponse(orders=orders, is_end=is_end, order_time=last)
