# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orderitem"""

from mallgen_runtime import Context, Response

from order_admin.admin import orderitem_rows
from order_admin.schemas import ListOrderitemRequest, ListOrderitemResponse
from order_admin.svc import ServiceContext


class ListOrderitemLogic:
    """list orderitem"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def list_orderitem(
        self, req: ListOrderitemRequest
    ) -> ListOrderitemResponse | Response:
        rows, cursor = await orderitem_rows.page(self.svc.orderitem, req)
        items = [orderitem_rows.view(row) for row in rows]
        return ListOrderitemResponse(items=items, cursor=cursor)
