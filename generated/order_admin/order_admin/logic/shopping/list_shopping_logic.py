# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/shopping"""

from mallgen_runtime import Context, Response

from order_admin.admin import shopping_rows
from order_admin.schemas import ListShoppingRequest, ListShoppingResponse
from order_admin.svc import ServiceContext


class ListShoppingLogic:
    """list shopping"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def list_shopping(
        self, req: ListShoppingRequest
    ) -> ListShoppingResponse | Response:
        rows, cursor = await shopping_rows.page(self.svc.shopping, req)
        items = [shopping_rows.view(row) for row in rows]
        return ListShoppingResponse(items=items, cursor=cursor)
