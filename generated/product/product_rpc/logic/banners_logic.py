# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/product.Product/Banners"""

from mallgen_runtime.rpc import RpcContext

from product_rpc.items import Status
from product_rpc.pb.product_pb2 import BannerItem, BannersRequest, BannersResponse
from product_rpc.svc import ServiceContext

MOST = 20


class BannersLogic:
    """首页 Banner"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def banners(self, req: BannersRequest) -> BannersResponse:
        page = await self.svc.banner.list_by_status_position(Status.SHOWN, limit=MOST)
        banners = [
            BannerItem(
                banner_id=row.id, name=row.name, image_url=row.image_url, link=row.link
            )
            for row in page.rows
        ]
        return BannersResponse(banners=banners)
