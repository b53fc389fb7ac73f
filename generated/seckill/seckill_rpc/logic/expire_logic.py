# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/seckill.Seckill/Expire"""

from mallgen_runtime.rpc import RpcContext

from seckill_rpc.pb.seckill_pb2 import ExpireRequest, ExpireResponse
from seckill_rpc.svc import ServiceContext


class ExpireLogic:
    """到时仍未付款, 订单已关闭, 库存还回; 由 order_queue 调用"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def expire(self, req: ExpireRequest) -> ExpireResponse:
        """Only the call that closes the purchase puts its item back; the row stays, so its user buys no other."""
        async with self.svc.db.transaction() as tx:
            is_first = await self.svc.purchase.within(tx).close(
                req.user_id, req.product_id
            )
            if is_first:
                await self.svc.stock.within(tx).put_back(req.product_id)
        if is_first:
            await self.svc.gate.give(req.product_id)
        return ExpireResponse()
