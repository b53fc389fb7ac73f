# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/seckill.Seckill/Cancel"""

from mallgen_runtime.rpc import RpcContext

from seckill_rpc.model.purchase_model import REFUSED
from seckill_rpc.pb.seckill_pb2 import CancelRequest, CancelResponse
from seckill_rpc.svc import ServiceContext


class CancelLogic:
    """订单不能建立, 库存还回; 由 seckill_queue 调用"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def cancel(self, req: CancelRequest) -> CancelResponse:
        """Only the call that ends the purchase puts its item back, however often it is repeated."""
        async with self.svc.db.transaction() as tx:
            purchase = self.svc.purchase.within(tx)
            is_first = await purchase.end(req.user_id, req.product_id, REFUSED)
            if is_first:
                await self.svc.stock.within(tx).put_back(req.product_id)
        if is_first:
            await self.svc.gate.give(req.product_id)
        return CancelResponse()
