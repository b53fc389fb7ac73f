# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""product_queue.category-changed"""

from mallgen_runtime.queue import MessageContext

from product_queue_rmq.pb.product_queue_pb2 import ChangedCategory
from product_queue_rmq.rpc.product import RefreshRequest
from product_queue_rmq.svc import ServiceContext


class CategoryChangedLogic:
    """分类被修改"""

    def __init__(self, ctx: MessageContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def category_changed(self, msg: ChangedCategory) -> None:
        await self.svc.product_rpc.refresh(RefreshRequest(category_id=msg.category_id))
