# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/seckill.Seckill/Settle"""

from mallgen_runtime.rpc import RpcContext

from seckill_rpc.model.purchase_model import BOUGHT
from seckill_rpc.pb.seckill_pb2 import SettleRequest, SettleResponse
from seckill_rpc.svc import ServiceContext


class SettleLogic:
    """订单已建立; 由 seckill_queue 调用"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def settle(self, req: SettleRequest) -> SettleResponse:
        await self.svc.purchase.end(req.user_id, req.product_id, BOUGHT, req.order_id)
        return SettleResponse()
