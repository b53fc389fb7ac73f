# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orders"""

from mallgen_runtime import Context, Response

from order_admin.admin import orders_rows
from order_admin.schemas import ListOrdersRequest, ListOrdersResponse
from order_admin.svc import ServiceContext


class ListOrdersLogic:
    """list orders"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def list_orders(
        self, req: ListOrdersRequest
    ) -> ListOrdersResponse | Response:
        rows, cursor = await orders_rows.page(self.svc.orders, req)
        items = [orders_rows.view(row) for row in rows]
        return ListOrdersResponse(items=items, cursor=cursor)
