# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""product_queue.banner-changed"""

from mallgen_runtime.queue import MessageContext

from product_queue_rmq.pb.product_queue_pb2 import ChangedBanner
from product_queue_rmq.rpc.product import RefreshRequest
from product_queue_rmq.svc import ServiceContext


class BannerChangedLogic:
    """Banner 被修改"""

    def __init__(self, ctx: MessageContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def banner_changed(self, msg: ChangedBanner) -> None:
        await self.svc.product_rpc.refresh(RefreshRequest(banner_id=msg.banner_id))
