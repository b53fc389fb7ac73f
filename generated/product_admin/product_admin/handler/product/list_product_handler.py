# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/product"""

from mallgen_runtime import Context, Response

from product_admin.logic.product.list_product_logic import ListProductLogic
from product_admin.schemas import ListProductRequest, ListProductResponse
from product_admin.svc import ServiceContext


async def list_product_handler(
    ctx: Context, svc: ServiceContext, req: ListProductRequest
) -> ListProductResponse | Response:
    """list product"""
    return await ListProductLogic(ctx, svc).list_product(req)
