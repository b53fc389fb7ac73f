"""GET /v1/product/comment"""

from mallgen_runtime import Context

from mall_api.rpc.reply import CommentItem, CommentsRequest
from mall_api.rpc.user import UserItem, UsersRequest
from mall_api.schemas import (
    Comment,
    Image,
    ProductCommentRequest,
    ProductCommentResponse,
    User,
)
from mall_api.svc import ServiceContext


class ProductCommentLogic:
    """商品评论, 按评论时间倒序, 游标分页"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def product_comment(
        self, req: ProductCommentRequest
    ) -> ProductCommentResponse:
        """Comments with their users; one whose user is gone stays, without a name."""
        page = await self.svc.reply_rpc.comments(
            CommentsRequest(
                product_id=req.product_id,
                cursor=req.cursor,
                last_id=req.last_id,
                ps=req.ps,
            )
        )
        ids = sorted({comment.user_id for comment in page.comments})
        users: dict[int, UserItem] = {}
        if ids:
            users.update((await self.svc.user_rpc.users(UsersRequest(ids=ids))).users)
        return ProductCommentResponse(
            comments=[_comment(one, users.get(one.user_id)) for one in page.comments],
            is_end=page.is_end,
            comment_time=page.comment_time,
            last_id=page.last_id,
        )


def _comment(item: CommentItem, user: UserItem | None) -> Comment:
    return Comment(
        id=item.comment_id,
        product_id=item.product_id,
        content=item.content,
        images=[Image(id=image.image_id, url=image.url) for image in item.images],
        user=User(
            id=item.user_id,
            name=user.name if user else "",
            avatar=user.avatar if user else "",
        ),
        create_time=item.create_time,
        update_time=item.update_time,
    )
