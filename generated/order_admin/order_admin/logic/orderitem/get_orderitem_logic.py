# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orderitem/:id"""

from mallgen_runtime import ApiError, Context, Response

from order_admin.admin import orderitem_rows
from order_admin.schemas import GetOrderitemRequest, Orderitem
from order_admin.svc import ServiceContext


class GetOrderitemLogic:
    """get orderitem"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def get_orderitem(self, req: GetOrderitemRequest) -> Orderitem | Response:
        row = await self.svc.orderitem.find_one(req.id)
        if row is None:
            raise ApiError(404, "not_found", "there is no such orderitem")
        return orderitem_rows.view(row)
