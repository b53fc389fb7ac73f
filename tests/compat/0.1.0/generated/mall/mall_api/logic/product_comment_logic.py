"""GET /v1/product/comment"""

from mallgen_runtime import Context

from mall_api.schemas import ProductCommentRequest, ProductCommentResponse
from mall_api.store import page
from mall_api.svc import ServiceContext


class ProductCommentLogic:
    """商品评论, 按评论时间倒序, 游标分页"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def product_comment(
        self, req: ProductCommentRequest
    ) -> ProductCommentResponse:
        found = self.svc.store.comments(req.product_id)
        comments, last, is_end = page(
            found, lambda item: item.create_time, req.cursor, req.ps
        )
        return ProductCommentResponse(
            comments=comments, is_end=is_end, comment_time=last
        )
