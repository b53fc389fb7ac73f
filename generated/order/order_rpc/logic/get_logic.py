# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/order.Order/Get"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from order_rpc.items import item
from order_rpc.pb.order_pb2 import GetRequest, OrderItem
from order_rpc.svc import ServiceContext


class GetLogic:
    """按 ID 取一个订单; 没有时返回 NOT_FOUND"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def get(self, req: GetRequest) -> OrderItem:
        row = await self.svc.orders.find_one(req.order_id)
        if row is None:
            raise RpcError(Code.NOT_FOUND, f"there is no order {req.order_id}")
        goods = await self.svc.orderitem.of_orders([row.id])
        return item(row, goods.get(row.id, []))
