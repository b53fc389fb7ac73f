"""GET /v1/recommend"""

from mallgen_runtime import Context

from mall_api.products import product
from mall_api.rpc.product import RecommendedRequest
from mall_api.schemas import RecommendRequest, RecommendResponse
from mall_api.svc import ServiceContext


class RecommendLogic:
    """推荐商品, 按推荐时间倒序, 游标分页"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def recommend(self, req: RecommendRequest) -> RecommendResponse:
        page = await self.svc.product_rpc.recommended(
            RecommendedRequest(cursor=req.cursor, last_id=req.last_id, ps=req.ps)
        )
        return RecommendResponse(
            products=[product(item) for item in page.products],
            is_end=page.is_end,
            recommend_time=page.last_val,
            last_id=page.last_id,
        )
