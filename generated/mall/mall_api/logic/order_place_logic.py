# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/order"""

import asyncio
import time
from collections.abc import Sequence

from mallgen_runtime import Context
from mallgen_runtime.rpc import Code, RpcError

from mall_api.claims import uid
from mall_api.ordering import receiver_at, wanted_items
from mall_api.rpc.cart import RemoveItemRequest
from mall_api.rpc.order import CreateRequest, GetRequest
from mall_api.rpc.order_queue import PlacedOrder
from mall_api.rpc.product import ReleaseRequest, ReserveItem, ReserveRequest
from mall_api.schemas import OrderPlaceRequest, OrderPlaceResponse
from mall_api.svc import ServiceContext

# what order.rpc answers where there is no order, and where asking again would not help
REFUSED = (Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.FAILED_PRECONDITION)


class OrderPlaceLogic:
    """下单: 购买购物车中的商品"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def order_place(self, req: OrderPlaceRequest) -> OrderPlaceResponse:
        """Who asks again with the same request gets the order that there is."""
        user = uid(self.ctx)
        request = f"{user}-{req.request_id}"
        order = await self._placed(request)
        if not order:
            receiver = await receiver_at(self.svc.user_rpc, user, req.address_id)
            items = await wanted_items(
                self.svc.cart_rpc, self.svc.product_rpc, user, req.product_ids
            )
            wanted = CreateRequest(
                request_id=request, user_id=user, items=items, receiver=receiver
            )
            order = await self._place(wanted)
            # not where there was one: it may have other items than this request
            await self._clear(user, req.product_ids)
        return OrderPlaceResponse(order_id=order)

    async def _place(self, wanted: CreateRequest) -> str:
        """A saga: each step can be repeated, and what undoes all of them is sent first.

        Whoever dies in the middle, order_queue closes what is not paid in time, and gives its stock back.
        """
        request, now = wanted.request_id, int(time.time())
        await self.svc.order_queue.placed(
            PlacedOrder(request_id=request, place_time=now)
        )
        stock = [
            ReserveItem(product_id=item.product_id, quantity=item.quantity)
            for item in wanted.items
        ]
        await self.svc.product_rpc.reserve(
            ReserveRequest(request_id=request, items=stock)
        )
        try:
            return (await self.svc.order_rpc.create(wanted)).order_id
        except RpcError as problem:
            if problem.code in REFUSED:  # else there may be an order: the timer knows
                await self.svc.product_rpc.release(ReleaseRequest(request_id=request))
            raise

    async def _placed(self, request: str) -> str:
        try:
            found = await self.svc.order_rpc.get(GetRequest(request_id=request))
        except RpcError as problem:
            if problem.code != Code.NOT_FOUND:
                raise
            return ""
        return found.order_id

    async def _clear(self, user: int, numbers: Sequence[int]) -> None:
        """Take what was ordered out of the cart; the order stands, whatever comes of that."""
        calls = [
            self.svc.cart_rpc.remove_item(RemoveItemRequest(user_id=user, product_id=n))
            for n in numbers
        ]
        for problem in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(problem, BaseException):
                self.ctx.log.warning("a cart keeps what was ordered: %s", problem)
