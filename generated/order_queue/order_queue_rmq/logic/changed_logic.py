# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""order_queue.changed"""

from mallgen_runtime.queue import MessageContext

from order_queue_rmq.pb.order_queue_pb2 import OrderChanged
from order_queue_rmq.rpc.order import RefreshRequest
from order_queue_rmq.svc import ServiceContext


class ChangedLogic:
    """订单在 order.rpc 之外被修改: 缓存与列表跟上"""

    def __init__(self, ctx: MessageContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def changed(self, msg: OrderChanged) -> None:
        """Who writes the rows knows no cache; order.rpc forgets what it has kept of this one."""
        await self.svc.order_rpc.refresh(RefreshRequest(order_id=msg.order_id))
