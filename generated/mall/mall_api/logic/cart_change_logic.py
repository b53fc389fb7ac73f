# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PUT /v1/cart/:product_id"""

from mallgen_runtime import Context

from mall_api.claims import uid
from mall_api.rpc.cart import SetQuantityRequest
from mall_api.schemas import CartChangeRequest, CartCountResponse
from mall_api.svc import ServiceContext


class CartChangeLogic:
    """修改购物车中商品的数量"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def cart_change(self, req: CartChangeRequest) -> CartCountResponse:
        await self.svc.cart_rpc.set_quantity(
            SetQuantityRequest(
                user_id=uid(self.ctx), product_id=req.product_id, quantity=req.count
            )
        )
        return CartCountResponse(count=req.count)
