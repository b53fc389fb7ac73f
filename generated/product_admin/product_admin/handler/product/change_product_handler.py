# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/product-change"""

from mallgen_runtime import Context, Response

from product_admin.logic.product.change_product_logic import ChangeProductLogic
from product_admin.schemas import ChangeProductRequest, ChangeProductResponse
from product_admin.svc import ServiceContext


async def change_product_handler(
    ctx: Context, svc: ServiceContext, req: ChangeProductRequest
) -> ChangeProductResponse | Response:
    """change product"""
    return await ChangeProductLogic(ctx, svc).change_product(req)
