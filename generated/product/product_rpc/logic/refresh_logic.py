# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/product.Product/Refresh"""

from mallgen_runtime.rpc import RpcContext

from product_rpc.pb.product_pb2 import RefreshRequest, RefreshResponse
from product_rpc.svc import ServiceContext


class RefreshLogic:
    """商品, 分类或 Banner 在别处被修改, 例如后台: 缓存与列表跟上"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def refresh(self, req: RefreshRequest) -> RefreshResponse:
        if req.product_id:
            await self.svc.product.changed(req.product_id)
        if req.category_id:
            await self.svc.category.changed(req.category_id)
        if req.banner_id:
            await self.svc.banner.changed(req.banner_id)
        return RefreshResponse()
