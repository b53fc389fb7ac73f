"""GET /v1/cart/list"""

from mallgen_runtime import Context

from mall_api.products import product
from mall_api.rpc.cart import CartItemsRequest
from mall_api.rpc.product import ProductRequest
from mall_api.schemas import CartListRequest, CartListResponse, CartProduct
from mall_api.svc import ServiceContext


class CartListLogic:
    """购物车列表, 最多 200 个商品, 不分页"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def cart_list(self, req: CartListRequest) -> CartListResponse:
        """The items of a cart, without those whose product is gone."""
        cart = await self.svc.cart_rpc.cart_items(CartItemsRequest(user_id=req.uid))
        if not cart.items:
            return CartListResponse(products=[])
        wanted = ProductRequest(ids=[item.product_id for item in cart.items])
        products = (await self.svc.product_rpc.products(wanted)).products
        found = [
            CartProduct(product=product(products[item.product_id]), count=item.quantity)
            for item in cart.items
            if item.product_id in products
        ]
        return CartListResponse(products=found)
