# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/cart.Cart/CartItems"""

from mallgen_runtime.rpc import RpcContext

from cart_rpc.model.cartcount_model import MOST_ITEMS
from cart_rpc.pb.cart_pb2 import CartItem, CartItemsRequest, CartItemsResponse
from cart_rpc.svc import ServiceContext


class CartItemsLogic:
    """购物车中的商品, 最近加入的在前; 最多 200 个, 不分页"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def cart_items(self, req: CartItemsRequest) -> CartItemsResponse:
        # an order is made of it: not of what a replica still has
        cart = self.svc.cart.within(self.svc.db.primary)
        page = await cart.list_by_userid_create_time(req.user_id, limit=MOST_ITEMS)
        items = [
            CartItem(
                product_id=row.proid,
                quantity=row.quantity,
                checked=row.checked,
                create_time=int(row.create_time.timestamp()),
            )
            for row in page.rows
        ]
        return CartItemsResponse(items=items)
