# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/product/:id"""

from mallgen_runtime import Context, Response

from mall_api.logic.product_detail_logic import ProductDetailLogic
from mall_api.schemas import Product, ProductDetailRequest
from mall_api.svc import ServiceContext


async def product_detail_handler(
    ctx: Context, svc: ServiceContext, req: ProductDetailRequest
) -> Product | Response:
    """商品详情"""
    return await ProductDetailLogic(ctx, svc).product_detail(req)
