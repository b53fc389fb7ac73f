# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/cart.Cart/AddItem"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from cart_rpc.model.cartcount_model import MOST_ITEMS
from cart_rpc.pb.cart_pb2 import AddItemRequest, AddItemResponse
from cart_rpc.svc import ServiceContext


class AddItemLogic:
    """加入购物车; 已在购物车中的商品增加数量; 超过 200 个商品时返回 FAILED_PRECONDITION"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def add_item(self, req: AddItemRequest) -> AddItemResponse:
        """Two adds of one user wait for each other, so that only one of them can be the last that fits."""
        if req.quantity < 1:
            raise RpcError(Code.INVALID_ARGUMENT, "quantity must be at least 1")
        await self.svc.cartcount.ensure(req.user_id)
        async with self.svc.db.transaction() as tx:
            count, cart = self.svc.cartcount.within(tx), self.svc.cart.within(tx)
            items = await count.lock(req.user_id)
            row = await cart.find_one_by_userid_proid(req.user_id, req.product_id)
            quantity = req.quantity if row is None else row.quantity + req.quantity
            if row is not None:
                await cart.update(row.id, quantity=quantity)
            elif items >= MOST_ITEMS:
                raise RpcError(
                    Code.FAILED_PRECONDITION,
                    f"a cart has at most {MOST_ITEMS} products",
                )
            else:
                await cart.insert(
                    userid=req.user_id, proid=req.product_id, quantity=quantity
                )
                await count.update(req.user_id, items=items + 1)
        return AddItemResponse(quantity=quantity)
