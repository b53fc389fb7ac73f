# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/product/comment"""

from collections.abc import Sequence

from mallgen_runtime import ApiError, Context, UploadedFile
from mallgen_runtime.rpc import Code, RpcError

from mall_api.claims import uid
from mall_api.products import one_product
from mall_api.rpc.reply import AddCommentRequest
from mall_api.schemas import CommentAddRequest, CommentAddResponse
from mall_api.svc import ServiceContext

MOST_IMAGES = 9
# after these there may be a comment, which shows the images
UNSURE = (Code.DEADLINE_EXCEEDED, Code.CANCELED, Code.UNKNOWN, Code.INTERNAL)


class CommentAddLogic:
    """发表评论, 最多 9 张图片, 每张最多 2 MiB"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def comment_add(self, req: CommentAddRequest) -> CommentAddResponse:
        """The images first; where it is sure that there is no comment then, they go."""
        files = await self.ctx.files("images")
        if len(files) > MOST_IMAGES:
            raise ApiError(400, "too_many_images", f"there are more than {MOST_IMAGES}")
        await one_product(self.svc.product_rpc, req.product_id)
        user, kept = uid(self.ctx), await self._kept(files)
        try:
            added = await self.svc.reply_rpc.add_comment(
                AddCommentRequest(
                    product_id=req.product_id,
                    user_id=user,
                    content=req.content,
                    image_urls=kept,
                )
            )
        except RpcError as problem:
            if problem.code not in UNSURE:
                self.svc.images.drop(kept)
            raise
        return CommentAddResponse(id=added.comment_id, images=kept)

    async def _kept(self, files: Sequence[UploadedFile]) -> list[str]:
        """Keep all images, or none."""
        kept: list[str] = []
        try:
            for file in files:
                kept.append(await self.svc.images.keep(file))
        except BaseException:  # a request that is cancelled too
            self.svc.images.drop(kept)
            raise
        return kept
