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
        page = await self.svc.order_rpc.orders(
            OrdersRequest(
                user_id=req.uid,
                status=req.status,
                cursor=req.cursor,
                last_id=req.last_id,
                ps=req.ps,
            )
        )
        ids = sorted({item.product_id for item in page.orders})
        products: dict[int, ProductItem] = {}
        if ids:
            products.update(
                (await self.svc.product_rpc.products(ProductRequest(ids=ids))).products
            )
        return OrderListResponse(
            orders=[
                _order(item, products.get(item.product_id)) for item in page.orders
            ],
            is_end=page.is_end,
            order_time=page.create_time,
            last_id=page.last_id,
        )


def _order(item: OrderItem, product: ProductItem | None) -> Order:
    return Order(
        order_id=item.order_id,
        status=item.status,
        quantity=item.quantity,
        payment=item.payment,
        total_price=item.total_price,
        create_time=item.create_time,
        product_id=item.product_id,
        product_name=product.name if product else "",
        product_image=product.image_url if product else "",
        product_description=product.description if product else "",
    )
