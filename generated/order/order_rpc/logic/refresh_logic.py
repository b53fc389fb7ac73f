# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/order.Order/Refresh"""

from mallgen_runtime.rpc import RpcContext

from order_rpc.pb.order_pb2 import RefreshRequest, RefreshResponse
from order_rpc.svc import ServiceContext


class RefreshLogic:
    """订单或它的收货信息在别处被修改, 例如后台: 缓存与列表跟上"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def refresh(self, req: RefreshRequest) -> RefreshResponse:
        await self.svc.orders.changed(req.order_id)
        row = await self.svc.orders.find_one(req.order_id)
        if row is not None and row.shoppingid:
            await self.svc.shopping.changed(row.shoppingid)
        return RefreshResponse()
