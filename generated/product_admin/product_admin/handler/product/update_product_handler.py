# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PATCH /v1/product/:id"""

from mallgen_runtime import Context, Response

from product_admin.logic.product.update_product_logic import UpdateProductLogic
from product_admin.schemas import Product, UpdateProductRequest
from product_admin.svc import ServiceContext


async def update_product_handler(
    ctx: Context, svc: ServiceContext, req: UpdateProductRequest
) -> Product | Response:
    """update product"""
    return await UpdateProductLogic(ctx, svc).update_product(req)
