# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""order_queue.placed"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from mallgen_runtime.queue import MessageContext
from mallgen_runtime.sql import DuplicateKey

from order_queue_rmq.pb.order_queue_pb2 import PlacedOrder
from order_queue_rmq.svc import ServiceContext


class PlacedLogic:
    """有人正在下单: 到时仍未付款, 则关闭订单, 归还库存"""

    def __init__(self, ctx: MessageContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def placed(self, msg: PlacedOrder) -> None:
        placed = datetime.fromtimestamp(msg.place_time, UTC)
        due = placed + timedelta(seconds=self.svc.config.pay_timeout)
        with suppress(DuplicateKey):  # who asks again has no more time than before
            await self.svc.timer.insert(
                requestid=msg.request_id,
                due=due,
                userid=msg.user_id,
                proid=msg.product_id,
            )
