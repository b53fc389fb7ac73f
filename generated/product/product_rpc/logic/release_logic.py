# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/product.Product/Release"""

from mallgen_runtime.rpc import RpcContext
from mallgen_runtime.sql import DuplicateKey

from product_rpc.logic.reserve_logic import MOST_ITEMS
from product_rpc.model.reservation_model import GIVEN_BACK
from product_rpc.pb.product_pb2 import ReleaseRequest, ReleaseResponse
from product_rpc.svc import ServiceContext


class ReleaseLogic:
    """归还一个下单请求预留的库存; 此后该请求不能再预留"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def release(self, req: ReleaseRequest) -> ReleaseResponse:
        try:
            released = await self._release(req.request_id)
        except DuplicateKey:  # a Reserve was under way, and is there now
            released = await self._release(req.request_id)
        return ReleaseResponse(released=released)

    async def _release(self, id: str) -> bool:
        async with self.svc.db.transaction() as tx:
            reservation = self.svc.reservation.within(tx)
            product = self.svc.product.within(tx)
            if await reservation.give_back(id):
                items = self.svc.reservationitem.within(tx)
                page = await items.list_by_requestid_proid(id, limit=MOST_ITEMS)
                for row in page.rows:
                    await product.put_back(row.proid, row.quantity)
                return True
            if await reservation.find_one(id) is None:
                # so that a Reserve that comes late takes nothing that nobody gives back
                await reservation.insert(requestid=id, status=GIVEN_BACK)
        return False
