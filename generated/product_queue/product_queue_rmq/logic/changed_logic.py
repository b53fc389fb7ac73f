# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""product_queue.changed"""

from mallgen_runtime.queue import MessageContext

from product_queue_rmq.pb.product_queue_pb2 import ProductChanged
from product_queue_rmq.rpc.product import RefreshRequest
from product_queue_rmq.svc import ServiceContext


class ChangedLogic:
    """商品在 product.rpc 之外被修改: 缓存与列表跟上"""

    def __init__(self, ctx: MessageContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def changed(self, msg: ProductChanged) -> None:
        """Who writes the rows knows no cache; product.rpc forgets what it has kept of this one."""
        await self.svc.product_rpc.refresh(RefreshRequest(product_id=msg.product_id))
