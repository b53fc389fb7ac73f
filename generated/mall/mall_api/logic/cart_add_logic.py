# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/cart"""

from mallgen_runtime import ApiError, Context

from mall_api.claims import uid
from mall_api.products import ON_SALE, one_product
from mall_api.rpc.cart import AddItemRequest
from mall_api.schemas import CartAddRequest, CartCountResponse
from mall_api.svc import ServiceContext


class CartAddLogic:
    """加入购物车"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def cart_add(self, req: CartAddRequest) -> CartCountResponse:
        item = await one_product(self.svc.product_rpc, req.product_id)
        if item.status != ON_SALE:
            raise ApiError(409, "not_on_sale", f"product {item.product_id} is not sold")
        added = await self.svc.cart_rpc.add_item(
            AddItemRequest(
                user_id=uid(self.ctx), product_id=req.product_id, quantity=req.count
            )
        )
        return CartCountResponse(count=added.quantity)
