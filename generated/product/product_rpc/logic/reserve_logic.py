# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/product.Product/Reserve"""

from collections import Counter

from mallgen_runtime.rpc import Code, RpcContext, RpcError
from mallgen_runtime.sql import DuplicateKey, Isolation, Transaction

from product_rpc.items import Status
from product_rpc.model.reservation_model import TAKEN
from product_rpc.pb.product_pb2 import ReserveRequest, ReserveResponse
from product_rpc.svc import ServiceContext

MOST_ITEMS = 200


class ReserveLogic:
    """为一个下单请求预留全部商品的库存, 或一件也不留; 库存不足或已下架时返回
    FAILED_PRECONDITION
    """

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def reserve(self, req: ReserveRequest) -> ReserveResponse:
        """The row of the request decides: of two equal ones the second finds what the first has taken."""
        wanted = _wanted(req)
        try:
            # each read sees what is now: a product may have changed since the one before was read
            async with self.svc.db.transaction(Isolation.READ_COMMITTED) as tx:
                await self.svc.reservation.within(tx).insert(
                    requestid=req.request_id, status=TAKEN
                )
                # in one order, so that no two requests wait for each other's rows
                for product, quantity in sorted(wanted.items()):
                    await self._take(tx, req.request_id, product, quantity)
        except DuplicateKey:
            await self._check_made(req.request_id, wanted)
        return ReserveResponse()

    async def _check_made(self, id: str, wanted: Counter[int]) -> None:
        """Raise FAILED_PRECONDITION where a request has other items, or none any more: nobody may order them."""
        async with self.svc.db.transaction() as tx:
            made = await self.svc.reservation.within(tx).find_one(id)
            items = self.svc.reservationitem.within(tx)
            page = await items.list_by_requestid_proid(id, limit=MOST_ITEMS)
        if made is None or made.status != TAKEN:
            raise RpcError(Code.FAILED_PRECONDITION, "the reservation was given back")
        if {row.proid: row.quantity for row in page.rows} != wanted:
            raise RpcError(
                Code.FAILED_PRECONDITION, "the request has reserved other items"
            )

    async def _take(self, tx: Transaction, id: str, proid: int, quantity: int) -> None:
        product = self.svc.product.within(tx)
        is_taken = await product.take(proid, quantity)
        row = await product.find_one(proid)
        if row is None or row.status != Status.SHOWN:
            raise RpcError(Code.FAILED_PRECONDITION, f"product {proid} is not sold")
        if not is_taken:
            raise RpcError(
                Code.FAILED_PRECONDITION, f"product {proid} has {row.stock} left"
            )
        await self.svc.reservationitem.within(tx).insert(
            requestid=id, proid=proid, quantity=quantity
        )


def _wanted(req: ReserveRequest) -> Counter[int]:
    if not 1 <= len(req.request_id) <= 64:
        raise RpcError(Code.INVALID_ARGUMENT, "request_id has 1 to 64 characters")
    if not 1 <= len(req.items) <= MOST_ITEMS:
        raise RpcError(Code.INVALID_ARGUMENT, f"there are 1 to {MOST_ITEMS} items")
    if any(item.quantity < 1 for item in req.items):
        raise RpcError(Code.INVALID_ARGUMENT, "quantity must be at least 1")
    wanted = Counter[int]()
    for item in req.items:
        wanted[item.product_id] += item.quantity
    return wanted
