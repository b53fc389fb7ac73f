"""/order.Order/Orders"""

from mallgen_runtime.rpc import RpcContext

from order_rpc.pb.order_pb2 import OrdersRequest, OrdersResponse
from order_rpc.svc import ServiceContext


class OrdersLogic:
    """订单列表, 按下单时间倒序, 游标分页"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def orders(self, req: OrdersRequest) -> OrdersResponse:
        ps = req.ps if 0 < req.ps <= 50 else 20
        found, is_end = self.svc.store.page(req.user_id, req.status, req.cursor, ps)
        reply = OrdersResponse(is_end=is_end)
        for order in found:
            item = reply.orders.add()
            item.order_id = order.order_id
            item.quantity = order.quantity
            item.payment = order.payment
            item.product_id = order.product_id
            item.user_id = order.user_id
            item.create_time = order.create_time
        if found:
            reply.create_time = found[-1].create_time
        return reply
