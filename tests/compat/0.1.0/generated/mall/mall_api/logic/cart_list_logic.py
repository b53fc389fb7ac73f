"""GET /v1/cart/list"""

from mallgen_runtime import Context

from mall_api.schemas import CartListRequest, CartListResponse
from mall_api.svc import ServiceContext


class CartListLogic:
    """购物车列表, 最多 200 个商品, 不分页"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def cart_list(self, req: CartListRequest) -> CartListResponse:
        return CartListResponse(products=self.svc.store.cart(req.uid))
