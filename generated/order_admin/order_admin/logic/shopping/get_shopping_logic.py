# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/shopping/:id"""

from mallgen_runtime import ApiError, Context, Response

from order_admin.admin import shopping_rows
from order_admin.schemas import GetShoppingRequest, Shopping
from order_admin.svc import ServiceContext


class GetShoppingLogic:
    """get shopping"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def get_shopping(self, req: GetShoppingRequest) -> Shopping | Response:
        row = await self.svc.shopping.find_one(req.id)
        if row is None:
            raise ApiError(404, "not_found", "there is no such shopping")
        return shopping_rows.view(row)
