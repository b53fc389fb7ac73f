# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/seckill.Seckill/Buy"""

import asyncio

from mallgen_runtime.rpc import Code, RpcContext, RpcError
from mallgen_runtime.sql import DuplicateKey

from seckill_rpc.model.stock_model_gen import StockRow
from seckill_rpc.pb.seckill_pb2 import BuyRequest, BuyResponse
from seckill_rpc.rpc.seckill_queue import OrderRequest
from seckill_rpc.sale_times import is_early, is_over
from seckill_rpc.svc import ServiceContext


class BuyLogic:
    """抢购一件, 每人限一件; 答复 ACCEPTED 时库存已扣减, 订单稍后建立"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def buy(self, req: BuyRequest) -> BuyResponse:
        """The gate turns the crowd away; what is sold to whom is for the transaction behind it to say."""
        state = await self._state(req)
        if state in (BuyResponse.SOLD_OUT, BuyResponse.ENDED):
            purchases = self.svc.purchase.within(self.svc.db.primary)
            if await purchases.of(req.user_id, req.product_id):
                state = BuyResponse.ALREADY  # an earlier answer was lost
        return BuyResponse(state=state)

    async def _state(self, req: BuyRequest) -> BuyResponse.State:
        stock, now = await self._stock(req.product_id), self.svc.now()
        if is_early(stock, now):
            return BuyResponse.NOT_STARTED
        if is_over(stock, now):
            return BuyResponse.ENDED
        gate = self.svc.gate
        has_passed = await gate.take(req.product_id)
        if has_passed is None:  # lost, or there never was one
            await gate.fill(req.product_id, count=stock.remaining)
            has_passed = await gate.take(req.product_id)
        if has_passed is False:
            stock = await self._settled(stock)
        if not has_passed and not stock.remaining:
            return BuyResponse.SOLD_OUT
        state = BuyResponse.UNKNOWN
        try:
            state = await self._sold(req, stock)
        finally:
            # not where the row was empty: the gate would stay open for nothing
            if has_passed and state not in (BuyResponse.ACCEPTED, BuyResponse.SOLD_OUT):
                await gate.give(req.product_id)
        return state

    async def _settled(self, stock: StockRow) -> StockRow:
        """Give those who have passed half a second to buy: what is left then was taken from the gate by nobody alive."""
        for _ in range(10):
            if not stock.remaining:
                break
            await asyncio.sleep(0.05)
            stock = await self._stock(stock.proid)
        return stock

    async def _stock(self, product_id: int) -> StockRow:
        """From the cache, like all rows that are read outside of a transaction."""
        row = await self.svc.stock.find_one(product_id)
        if row is None:
            raise RpcError(Code.NOT_FOUND, f"product {product_id} is not in a sale")
        return row

    async def _sold(self, req: BuyRequest, stock: StockRow) -> BuyResponse.State:
        """Write the purchase, the stock and the message together, or none of them."""
        message = OrderRequest(
            user_id=req.user_id, product_id=req.product_id, price=str(stock.price)
        )
        try:
            async with self.svc.db.transaction() as tx:
                # first, as it locks the row: buyers of a product go one after another, and none waits for two
                if not await self.svc.stock.within(tx).take(req.product_id):
                    return BuyResponse.SOLD_OUT
                await self.svc.purchase.within(tx).insert(
                    userid=req.user_id, proid=req.product_id
                )
                await self.svc.outbox.add(
                    tx, self.svc.seckill_queue.order_requested, message
                )
        except DuplicateKey:
            return BuyResponse.ALREADY
        return BuyResponse.ACCEPTED
