"""/product.Product/Products, from memory."""

import memory
from product_rpc.pb.product_pb2 import ProductRequest, ProductResponse
from product_rpc.svc import ServiceContext

from mallgen_runtime.rpc import RpcContext


class ProductsLogic:
    """Products by their ids, as by_hand.py has them."""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def products(self, req: ProductRequest) -> ProductResponse:
        """Return those that there are."""
        reply = ProductResponse()
        for number in req.ids:
            name = memory.PRODUCTS.get(number)
            if name is not None:
                item = reply.products[number]
                item.product_id = number
                item.name = name
                item.description = f"商品 {number} 的描述"
                item.image_url = f"/img/{number}.png"
        return reply
