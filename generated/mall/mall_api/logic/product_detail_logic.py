# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/product/:id"""

from mallgen_runtime import Context

from mall_api.products import one_product, product
from mall_api.schemas import Product, ProductDetailRequest
from mall_api.svc import ServiceContext


class ProductDetailLogic:
    """商品详情"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def product_detail(self, req: ProductDetailRequest) -> Product:
        return product(await one_product(self.svc.product_rpc, req.id))
