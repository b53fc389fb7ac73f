# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""product_queue.product-changed"""

from mallgen_runtime.queue import MessageContext

from product_queue_rmq.pb.product_queue_pb2 import ChangedProduct
from product_queue_rmq.rpc.product import ChangedRequest
from product_queue_rmq.svc import ServiceContext


class ProductChangedLogic:
    """后台改了一件商品: 缓存与列表随之更新"""

    def __init__(self, ctx: MessageContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def product_changed(self, msg: ChangedProduct) -> None:
        await self.svc.product_rpc.changed(ChangedRequest(product_ids=[msg.product_id]))
