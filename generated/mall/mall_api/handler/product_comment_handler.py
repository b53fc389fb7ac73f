# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/product/comment"""

from mallgen_runtime import Context, Response

from mall_api.logic.product_comment_logic import ProductCommentLogic
from mall_api.schemas import ProductCommentRequest, ProductCommentResponse
from mall_api.svc import ServiceContext


async def product_comment_handler(
    ctx: Context, svc: ServiceContext, req: ProductCommentRequest
) -> ProductCommentResponse | Response:
    """商品评论, 按评论时间倒序, 游标分页"""
    return await ProductCommentLogic(ctx, svc).product_comment(req)
