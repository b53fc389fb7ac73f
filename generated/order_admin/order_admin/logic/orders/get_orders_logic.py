# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orders-row"""

from mallgen_runtime import ApiError, Context, Response

from order_admin.admin import orders_rows
from order_admin.schemas import GetOrdersRequest, Orders
from order_admin.svc import ServiceContext


class GetOrdersLogic:
    """get orders"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def get_orders(self, req: GetOrdersRequest) -> Orders | Response:
        row = await self.svc.orders.find_one(req.id)
        if row is None:
            raise ApiError(404, "not_found", "there is no such orders")
        return orders_rows.view(row)
