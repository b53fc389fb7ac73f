# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/product"""

from mallgen_runtime import Context, Response

from product_admin.admin import product_rows
from product_admin.schemas import ListProductRequest, ListProductResponse
from product_admin.svc import ServiceContext


class ListProductLogic:
    """list product"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def list_product(
        self, req: ListProductRequest
    ) -> ListProductResponse | Response:
        rows, cursor = await product_rows.page(self.svc.product, req)
        items = [product_rows.view(row) for row in rows]
        return ListProductResponse(items=items, cursor=cursor)
