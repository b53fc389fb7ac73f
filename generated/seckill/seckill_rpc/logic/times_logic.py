# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/seckill.Seckill/Times"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from seckill_rpc.pb.seckill_pb2 import SaleTimes, TimesRequest, TimesResponse
from seckill_rpc.sale_times import is_over, unix
from seckill_rpc.svc import ServiceContext

MOST = 200  # products of a request


class TimesLogic:
    """商品的秒杀何时开始, 何时结束"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def times(self, req: TimesRequest) -> TimesResponse:
        if len(req.product_ids) > MOST:
            raise RpcError(Code.INVALID_ARGUMENT, f"more than {MOST} products")
        now = self.svc.now()
        sales = [
            SaleTimes(
                product_id=row.proid,
                start_time=unix(row.start_time),
                end_time=unix(row.end_time),
                has_ended=is_over(row, now),
            )
            for row in await self.svc.stock.find_many(req.product_ids)
        ]
        return TimesResponse(sales=sales)
