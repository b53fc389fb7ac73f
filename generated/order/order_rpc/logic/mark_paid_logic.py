# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/order.Order/MarkPaid"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from order_rpc.pb.order_pb2 import MarkPaidRequest, MarkPaidResponse
from order_rpc.status import IS_PAID
from order_rpc.svc import ServiceContext


class MarkPaidLogic:
    """已付款; 已经关闭的订单返回 FAILED_PRECONDITION"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def mark_paid(self, req: MarkPaidRequest) -> MarkPaidResponse:
        async with self.svc.db.transaction() as tx:
            orders = self.svc.orders.within(tx)
            is_paid = await orders.pay(req.order_id)
            row = await orders.find_one(req.order_id)
        if row is None:
            raise RpcError(Code.NOT_FOUND, f"there is no order {req.order_id}")
        if not is_paid and row.status not in IS_PAID:
            raise RpcError(Code.FAILED_PRECONDITION, f"order {row.id} is closed")
        return MarkPaidResponse()
