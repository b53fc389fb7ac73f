"""GET /v1/order/list"""

from mallgen_runtime import Context

from mall_api.rpc.order import OrderItem, OrdersRequest
from mall_api.rpc.product import ProductItem, ProductRequest
from mall_api.schemas import Order, OrderListRequest, OrderListResponse
from mall_api.svc import ServiceContext


class OrderListLogic:
    """订单列表"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def order_list(self, req: OrderListRequest) -> OrderListResponse:
        """Orders with their products; one whose product is gone stays, without it."""
        found = await self.svc.order_rpc.orders(
            OrdersRequest(
                user_id=req.uid, status=req.status, cursor=req.cursor, ps=req.ps
            )
        )
        ids = sorted({item.product_id for item in found.orders})
        products: dict[int, ProductItem] = {}
        if ids:
            wanted = ProductRequest(product_ids=",".join(map(str, ids)))
            products.update((await self.svc.product_rpc.products(wanted)).products)
        return OrderListResponse(
            orders=[
                _joined(item, products.get(item.product_id), req.status)
                for item in found.orders
            ],
            is_end=found.is_end,
            order_time=found.create_time,
        )


def _joined(item: OrderItem, product: ProductItem | None, status: int) -> Order:
    return Order(
        order_id=item.order_id,
        status=status,
        quantity=item.quantity,
        payment=item.payment,
        total_price=item.payment,
        create_time=item.create_time,
        product_id=item.product_id,
        product_name=product.name if product else "",
        product_image=product.image_url if product else "",
        product_description=product.description if product else "",
    )
