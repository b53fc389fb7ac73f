# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/cart.Cart/RemoveItem"""

from mallgen_runtime.rpc import RpcContext

from cart_rpc.pb.cart_pb2 import RemoveItemRequest, RemoveItemResponse
from cart_rpc.svc import ServiceContext


class RemoveItemLogic:
    """移出购物车; 不在购物车中的商品不是错误"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def remove_item(self, req: RemoveItemRequest) -> RemoveItemResponse:
        await self.svc.cartcount.ensure(req.user_id)
        async with self.svc.db.transaction() as tx:
            count, cart = self.svc.cartcount.within(tx), self.svc.cart.within(tx)
            items = await count.lock(req.user_id)
            row = await cart.find_one_by_userid_proid(req.user_id, req.product_id)
            if row is not None:
                await cart.delete(row.id)
                await count.update(req.user_id, items=items - 1)
        return RemoveItemResponse(removed=row is not None)
