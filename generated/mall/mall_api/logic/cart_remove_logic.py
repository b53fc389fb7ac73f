# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/cart/:product_id"""

from mallgen_runtime import Context, Response

from mall_api.claims import uid
from mall_api.rpc.cart import RemoveItemRequest
from mall_api.schemas import CartRemoveRequest
from mall_api.svc import ServiceContext


class CartRemoveLogic:
    """移出购物车"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def cart_remove(self, req: CartRemoveRequest) -> Response | None:
        await self.svc.cart_rpc.remove_item(
            RemoveItemRequest(user_id=uid(self.ctx), product_id=req.product_id)
        )
        return None
