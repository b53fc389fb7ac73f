# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/product"""

from mallgen_runtime import Context, Response

from product_admin.logic.product.create_product_logic import CreateProductLogic
from product_admin.schemas import CreateProductRequest, Product
from product_admin.svc import ServiceContext


async def create_product_handler(
    ctx: Context, svc: ServiceContext, req: CreateProductRequest
) -> Product | Response:
    """create product"""
    return await CreateProductLogic(ctx, svc).create_product(req)
