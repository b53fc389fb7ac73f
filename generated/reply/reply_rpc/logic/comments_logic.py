# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/reply.Reply/Comments"""

from mallgen_runtime.rpc import RpcContext

from reply_rpc.model.comment_model_gen import CommentRow
from reply_rpc.model.commentimage_model_gen import CommentimageRow
from reply_rpc.paging import page_size, time_cursor, unix
from reply_rpc.pb.reply_pb2 import (
    CommentItem,
    CommentsRequest,
    CommentsResponse,
    ImageItem,
)
from reply_rpc.svc import ServiceContext


class CommentsLogic:
    """商品评论, 按评论时间倒序, 游标分页"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def comments(self, req: CommentsRequest) -> CommentsResponse:
        cursor = time_cursor(req.cursor, req.last_id)
        page = await self.svc.comment.list_by_product_id_create_time(
            req.product_id, cursor, page_size(req.ps)
        )
        images = await self.svc.commentimage.of_comments(
            [comment.id for comment in page.rows]
        )
        reply = CommentsResponse(is_end=page.is_end)
        reply.comments.extend(
            _item(comment, images.get(comment.id, [])) for comment in page.rows
        )
        if page.rows:
            reply.comment_time, reply.last_id = (
                unix(page.rows[-1].create_time),
                page.rows[-1].id,
            )
        return reply


def _item(comment: CommentRow, images: list[CommentimageRow]) -> CommentItem:
    return CommentItem(
        comment_id=comment.id,
        product_id=comment.product_id,
        user_id=comment.user_id,
        content=comment.content,
        images=[ImageItem(image_id=image.id, url=image.url) for image in images],
        create_time=unix(comment.create_time),
        update_time=unix(comment.update_time),
    )
