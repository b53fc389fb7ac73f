# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/cart.Cart/SetQuantity"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from cart_rpc.pb.cart_pb2 import SetQuantityRequest, SetQuantityResponse
from cart_rpc.svc import ServiceContext


class SetQuantityLogic:
    """修改数量; 不在购物车中的商品返回 NOT_FOUND"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def set_quantity(self, req: SetQuantityRequest) -> SetQuantityResponse:
        if req.quantity < 1:
            raise RpcError(Code.INVALID_ARGUMENT, "quantity must be at least 1")
        row = await self.svc.cart.find_one_by_userid_proid(req.user_id, req.product_id)
        changed = row is not None and await self.svc.cart.update(
            row.id, quantity=req.quantity
        )
        if not changed:
            raise RpcError(
                Code.NOT_FOUND, f"product {req.product_id} is not in the cart"
            )
        return SetQuantityResponse()
