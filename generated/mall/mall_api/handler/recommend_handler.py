# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/recommend"""

from mallgen_runtime import Context, Response

from mall_api.logic.recommend_logic import RecommendLogic
from mall_api.schemas import RecommendRequest, RecommendResponse
from mall_api.svc import ServiceContext


async def recommend_handler(
    ctx: Context, svc: ServiceContext, req: RecommendRequest
) -> RecommendResponse | Response:
    """推荐商品, 按推荐时间倒序, 游标分页"""
    return await RecommendLogic(ctx, svc).recommend(req)
