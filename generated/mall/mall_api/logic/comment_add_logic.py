# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/product/comment"""

from mallgen_runtime import ApiError, Context

from mall_api.claims import uid
from mall_api.products import one_product
from mall_api.rpc.reply import AddCommentRequest
from mall_api.schemas import CommentAddRequest, CommentAddResponse
from mall_api.svc import ServiceContext

MOST_IMAGES = 9


class CommentAddLogic:
    """发表评论, 最多 9 张图片, 每张最多 2 MiB"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def comment_add(self, req: CommentAddRequest) -> CommentAddResponse:
        """The images first; where there is no comment then, they go."""
        files = await self.ctx.files("images")
        if len(files) > MOST_IMAGES:
            raise ApiError(400, "too_many_images", f"there are more than {MOST_IMAGES}")
        await one_product(self.svc.product_rpc, req.product_id)
        kept: list[str] = []
        try:
            for file in files:
                kept.append(await self.svc.images.keep(file))
            added = await self.svc.reply_rpc.add_comment(
                AddCommentRequest(
                    product_id=req.product_id,
                    user_id=uid(self.ctx),
                    content=req.content,
                    image_urls=kept,
                )
            )
        except Exception:
            self.svc.images.drop(kept)
            raise
        return CommentAddResponse(id=added.comment_id, images=kept)
