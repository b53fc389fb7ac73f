# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/order.Order/Close"""

from mallgen_runtime.rpc import RpcContext

from order_rpc.pb.order_pb2 import CloseRequest, CloseResponse
from order_rpc.status import IS_PAID
from order_rpc.svc import ServiceContext


class CloseLogic:
    """关闭一个下单请求的未付款的订单; 没有订单不是错误"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def close(self, req: CloseRequest) -> CloseResponse:
        """The transaction begins with the update: one that has read before goes on seeing an order as it was then."""
        row = await self.svc.orders.find_one_by_requestid(req.request_id)
        if row is None:
            return CloseResponse(is_paid=False)
        async with self.svc.db.transaction() as tx:
            orders = self.svc.orders.within(tx)
            if await orders.close(row.id):
                return CloseResponse(is_paid=False)
            row = await orders.find_one(row.id)
        return CloseResponse(is_paid=row is not None and row.status in IS_PAID)
