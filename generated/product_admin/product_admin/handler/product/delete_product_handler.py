# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/product/:id"""

from mallgen_runtime import Context, Response

from product_admin.logic.product.delete_product_logic import DeleteProductLogic
from product_admin.schemas import DeleteProductRequest
from product_admin.svc import ServiceContext


async def delete_product_handler(
    ctx: Context, svc: ServiceContext, req: DeleteProductRequest
) -> Response | None:
    """delete product"""
    return await DeleteProductLogic(ctx, svc).delete_product(req)
