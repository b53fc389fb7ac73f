"""/product.Product/Products"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from product_rpc.items import items
from product_rpc.pb.product_pb2 import ProductRequest, ProductResponse
from product_rpc.svc import ServiceContext

MOST = 200


class ProductsLogic:
    """按 ID 取商品, 一次最多 200 个"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def products(self, req: ProductRequest) -> ProductResponse:
        """Those that there are; who asks for a product that is gone does not find it in the map."""
        ids = {*req.ids, *_numbers(req.product_ids)}
        if len(ids) > MOST:
            raise RpcError(
                Code.INVALID_ARGUMENT,
                f"at most {MOST} products at once, not {len(ids)}",
            )
        found = await items(self.svc, await self.svc.product.find_many(ids))
        return ProductResponse(products={item.product_id: item for item in found})


def _numbers(text: str) -> list[int]:
    words = [word for word in text.split(",") if word]
    if not all(
        word.isascii() and word.isdecimal() and len(word) < 19 for word in words
    ):
        raise RpcError(
            Code.INVALID_ARGUMENT,
            "product_ids must be whole numbers with commas between them",
        )
    return [int(word) for word in words]
