# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/product/:id"""

from mallgen_runtime import Context, Response

from product_admin.logic.product.get_product_logic import GetProductLogic
from product_admin.schemas import GetProductRequest, Product
from product_admin.svc import ServiceContext


async def get_product_handler(
    ctx: Context, svc: ServiceContext, req: GetProductRequest
) -> Product | Response:
    """get product"""
    return await GetProductLogic(ctx, svc).get_product(req)
