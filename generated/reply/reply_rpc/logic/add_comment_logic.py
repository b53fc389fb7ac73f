# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/reply.Reply/AddComment"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from reply_rpc.pb.reply_pb2 import AddCommentRequest, AddCommentResponse
from reply_rpc.svc import ServiceContext

MOST_IMAGES = 9


class AddCommentLogic:
    """发表评论"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def add_comment(self, req: AddCommentRequest) -> AddCommentResponse:
        if not 1 <= len(req.content) <= 1000:
            raise RpcError(Code.INVALID_ARGUMENT, "content has 1 to 1000 characters")
        if len(req.image_urls) > MOST_IMAGES:
            raise RpcError(
                Code.INVALID_ARGUMENT, f"there are over {MOST_IMAGES} images"
            )
        async with self.svc.db.transaction() as tx:
            added = await self.svc.comment.within(tx).insert(
                product_id=req.product_id, user_id=req.user_id, content=req.content
            )
            await self.svc.commentimage.within(tx).insert_many(
                [{"comment_id": added, "url": url} for url in req.image_urls]
            )
        return AddCommentResponse(comment_id=added)
