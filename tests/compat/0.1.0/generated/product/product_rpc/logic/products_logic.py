"""/product.Product/Products"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from product_rpc.pb.product_pb2 import ProductRequest, ProductResponse
from product_rpc.svc import ServiceContext


class ProductsLogic:
    """按 ID 取商品"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def products(self, req: ProductRequest) -> ProductResponse:
        """Those that there are; who asks for a product that is gone does not find it in the map."""
        wanted = [word for word in req.product_ids.split(",") if word]
        if not all(word.isascii() and word.isdecimal() for word in wanted):
            detail = "product_ids must be whole numbers with commas between them"
            raise RpcError(Code.INVALID_ARGUMENT, detail)
        reply = ProductResponse()
        for number in map(int, wanted):
            name = self.svc.store.names.get(number)
            if name is not None:
                item = reply.products[number]
                item.product_id = number
                item.name = name
                item.description = f"商品 {number} 的描述"
                item.image_url = f"/img/{number}.png"
        return reply
