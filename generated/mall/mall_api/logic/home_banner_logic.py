"""GET /v1/home/banner"""

from mallgen_runtime import Context

from mall_api.rpc.product import BannersRequest
from mall_api.schemas import Banner, HomeBannerResponse
from mall_api.svc import ServiceContext


class HomeBannerLogic:
    """首页 Banner"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def home_banner(self) -> HomeBannerResponse:
        found = await self.svc.product_rpc.banners(BannersRequest())
        banners = [
            Banner(
                id=one.banner_id, name=one.name, image_url=one.image_url, link=one.link
            )
            for one in found.banners
        ]
        return HomeBannerResponse(banners=banners)
