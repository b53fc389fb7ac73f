"""/order.Order/Orders, from memory."""

import memory
from order_rpc.pb.order_pb2 import OrdersRequest, OrdersResponse
from order_rpc.svc import ServiceContext

from mallgen_runtime.rpc import RpcContext


class OrdersLogic:
    """The order list, as by_hand.py has it."""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def orders(self, req: OrdersRequest) -> OrdersResponse:
        """Return a page of orders."""
        page, is_end = memory.page(req.user_id, req.status, req.cursor, req.ps or 20)
        reply = OrdersResponse(is_end=is_end)
        for order in page:
            item = reply.orders.add()
            item.order_id = order.order_id
            item.quantity = order.quantity
            item.payment = item.total_price = order.payment
            item.product_id = order.product_id
            item.user_id = order.user_id
            item.status = order.status
            item.create_time = order.create_time
        if page:
            reply.create_time, reply.last_id = page[-1].create_time, page[-1].order_id
        return reply
