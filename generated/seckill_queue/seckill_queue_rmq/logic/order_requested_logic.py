# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""seckill_queue.order-requested"""

import time

from mallgen_runtime.queue import MessageContext
from mallgen_runtime.rpc import Code, RpcError

from seckill_queue_rmq.pb.seckill_queue_pb2 import OrderRequest
from seckill_queue_rmq.rpc.order import CreateItem, CreateRequest
from seckill_queue_rmq.rpc.order_queue import PlacedOrder
from seckill_queue_rmq.rpc.seckill import CancelRequest, SettleRequest
from seckill_queue_rmq.svc import ServiceContext

# what order.rpc answers where there is no order, and where asking again would not help
REFUSED = (Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.FAILED_PRECONDITION)


class OrderRequestedLogic:
    """有人抢到了一件商品: 下单"""

    def __init__(self, ctx: MessageContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def order_requested(self, msg: OrderRequest) -> None:
        """A saga. Each step can be repeated, so whatever fails without a definite answer is tried again."""
        user, product = msg.user_id, msg.product_id
        request, now = f"seckill-{product}-{user}", int(time.time())
        await self.svc.order_queue.placed(
            PlacedOrder(
                request_id=request, place_time=now, user_id=user, product_id=product
            )
        )
        try:
            order = await self.svc.order_rpc.create(
                CreateRequest(
                    request_id=request,
                    user_id=user,
                    items=[CreateItem(product_id=product, quantity=1, price=msg.price)],
                )
            )
        except RpcError as problem:
            if problem.code not in REFUSED:
                raise
            self.ctx.log.warning("no order for user %d: %s", user, problem)
            await self.svc.seckill_rpc.cancel(
                CancelRequest(user_id=user, product_id=product)
            )
            return
        await self.svc.seckill_rpc.settle(
            SettleRequest(user_id=user, product_id=product, order_id=order.order_id)
        )
