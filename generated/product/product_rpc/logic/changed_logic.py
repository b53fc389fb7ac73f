# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/product.Product/Changed"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from product_rpc.pb.product_pb2 import ChangedRequest, ChangedResponse
from product_rpc.svc import ServiceContext

MOST = 200


class ChangedLogic:
    """有行在本服务之外被改 (后台): 缓存与列表随之更新"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def changed(self, req: ChangedRequest) -> ChangedResponse:
        """Without effect where nothing of it is in the cache."""
        count = sum(map(len, (req.product_ids, req.category_ids, req.banner_ids)))
        if count > MOST:
            raise RpcError(
                Code.INVALID_ARGUMENT, f"at most {MOST} rows at once, not {count}"
            )
        await self.svc.product.changed(*req.product_ids)
        await self.svc.category.changed(*req.category_ids)
        await self.svc.banner.changed(*req.banner_ids)
        return ChangedResponse()
