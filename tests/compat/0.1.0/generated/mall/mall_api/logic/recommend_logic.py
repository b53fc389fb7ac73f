"""GET /v1/recommend"""

from mallgen_runtime import Context

from mall_api.schemas import RecommendRequest, RecommendResponse
from mall_api.store import page
from mall_api.svc import ServiceContext


class RecommendLogic:
    """推荐商品, 按推荐时间倒序, 游标分页"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def recommend(self, req: RecommendRequest) -> RecommendResponse:
        products, last, is_end = page(
            self.svc.store.products, lambda item: item.create_time, req.cursor, req.ps
        )
        return RecommendResponse(products=products, is_end=is_end, recommend_time=last)
