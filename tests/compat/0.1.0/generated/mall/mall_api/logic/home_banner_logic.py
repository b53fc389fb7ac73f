"""GET /v1/home/banner"""

from mallgen_runtime import Context

from mall_api.schemas import HomeBannerResponse
from mall_api.svc import ServiceContext


class HomeBannerLogic:
    """首页 Banner"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def home_banner(self) -> HomeBannerResponse:
        return HomeBannerResponse(banners=self.svc.store.banners)
