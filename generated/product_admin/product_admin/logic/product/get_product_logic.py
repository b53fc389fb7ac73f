# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/product/:id"""

from mallgen_runtime import ApiError, Context, Response

from product_admin.admin import product_rows
from product_admin.schemas import GetProductRequest, Product
from product_admin.svc import ServiceContext


class GetProductLogic:
    """get product"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def get_product(self, req: GetProductRequest) -> Product | Response:
        row = await self.svc.product.find_one(req.id)
        if row is None:
            raise ApiError(404, "not_found", "there is no such product")
        return product_rows.view(row)
