"""/order.Order/Orders"""

from mallgen_runtime.rpc import RpcContext

from order_rpc.items import item
from order_rpc.paging import page_size, time_cursor, unix
from order_rpc.pb.order_pb2 import OrdersRequest, OrdersResponse
from order_rpc.status import NOBODY
from order_rpc.svc import ServiceContext


class OrdersLogic:
    """订单列表, 按下单时间倒序, 游标分页"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def orders(self, req: OrdersRequest) -> OrdersResponse:
        orders, user = self.svc.orders, req.user_id
        if user == NOBODY:
            return OrdersResponse(is_end=True)
        cursor, size = time_cursor(req.cursor, req.last_id), page_size(req.ps)
        if req.status:
            page = await orders.list_by_userid_status_create_time(
                user, req.status, cursor, size
            )
        else:
            page = await orders.list_by_userid_create_time(user, cursor, size)
        goods = await self.svc.orderitem.of_orders([order.id for order in page.rows])
        reply = OrdersResponse(is_end=page.is_end)
        reply.orders.extend(item(order, goods.get(order.id, [])) for order in page.rows)
        if page.rows:
            reply.create_time = unix(page.rows[-1].create_time)
            reply.last_id = page.rows[-1].id
        return reply
