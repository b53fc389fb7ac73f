# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/product.Product/Release"""

from mallgen_runtime.rpc import RpcContext
from mallgen_runtime.sql import DuplicateKey, Isolation

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
        """A row is left in any case: a Reserve that comes late takes nothing that nobody gives back."""
        try:
            await self.svc.reservation.insert(
                requestid=req.request_id, status=GIVEN_BACK
            )
        except DuplicateKey:
            return ReleaseResponse(released=await self._give_back(req.request_id))
        return ReleaseResponse(released=False)

    async def _give_back(self, id: str) -> bool:
        # products change while the items are read, and each is to be put back as it is now
        async with self.svc.db.transaction(Isolation.READ_COMMITTED) as tx:
            if not await self.svc.reservation.within(tx).give_back(id):
                return False
            items = self.svc.reservationitem.within(tx)
            page = await items.list_by_requestid_proid(id, limit=MOST_ITEMS)
            for row in page.rows:
                await self.svc.product.within(tx).put_back(row.proid, row.quantity)
        return True
