# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/order.Order/Close"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError
from mallgen_runtime.sql import DuplicateKey

from order_rpc.model.orders_model_gen import OrdersRow
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
        if not 1 <= len(req.request_id) <= 64:
            raise RpcError(Code.INVALID_ARGUMENT, "request_id has 1 to 64 characters")
        row = await self._found(req.request_id)
        if row is None:
            return CloseResponse(is_paid=False)
        async with self.svc.db.transaction() as tx:
            orders = self.svc.orders.within(tx)
            if await orders.close(row.id):
                return CloseResponse(is_paid=False)
            row = await orders.find_one(row.id)
        return CloseResponse(is_paid=row is not None and row.status in IS_PAID)

    async def _found(self, request_id: str) -> OrdersRow | None:
        """Return the order of a request; where there is none, see to it that a Create that comes late makes none."""
        row = await self.svc.orders.find_one_by_requestid(request_id)
        if row is not None:
            return row
        try:
            await self.svc.orders.close_early(request_id)
        except DuplicateKey:  # made in this moment, or a cache is late
            async with self.svc.db.transaction() as tx:
                orders = self.svc.orders.within(tx)
                return await orders.find_one_by_requestid(request_id)
        return None
