# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/seckill.Seckill/Result"""

from datetime import datetime

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from seckill_rpc.model.purchase_model import BOUGHT, CLOSED, PENDING, REFUSED
from seckill_rpc.model.stock_model_gen import StockRow
from seckill_rpc.pb.seckill_pb2 import ResultRequest, ResultResponse
from seckill_rpc.sale_times import is_early, is_over
from seckill_rpc.svc import ServiceContext

STATES = {
    PENDING: ResultResponse.PENDING,
    BOUGHT: ResultResponse.BOUGHT,
    REFUSED: ResultResponse.REFUSED,
    CLOSED: ResultResponse.CLOSED,
}


class ResultLogic:
    """抢购结果"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def result(self, req: ResultRequest) -> ResultResponse:
        purchases = self.svc.purchase.within(self.svc.db.primary)
        row = await purchases.of(req.user_id, req.product_id)
        if row is not None:
            return ResultResponse(state=STATES[row.status], order_id=row.orderid)
        stock = await self.svc.stock.find_one(req.product_id)
        if stock is None:
            raise RpcError(Code.NOT_FOUND, f"product {req.product_id} is not in a sale")
        return ResultResponse(state=_unasked(stock, self.svc.now()))


def _unasked(stock: StockRow, now: datetime) -> ResultResponse.State:
    """Return the state of whoever has bought nothing."""
    if is_early(stock, now):
        return ResultResponse.NOT_STARTED
    if is_over(stock, now):
        return ResultResponse.ENDED
    return ResultResponse.NOT_ASKED if stock.remaining else ResultResponse.SOLD_OUT
