# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/product/comment"""

from mallgen_runtime import Context, Response

from mall_api.logic.comment_add_logic import CommentAddLogic
from mall_api.schemas import CommentAddRequest, CommentAddResponse
from mall_api.svc import ServiceContext


async def comment_add_handler(
    ctx: Context, svc: ServiceContext, req: CommentAddRequest
) -> CommentAddResponse | Response:
    """发表评论, 最多 9 张图片, 每张最多 2 MiB"""
    return await CommentAddLogic(ctx, svc).comment_add(req)
