# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/product.Product/Recommended"""

from mallgen_runtime.rpc import RpcContext

from product_rpc.items import Status, items
from product_rpc.paging import page_size, time_cursor, unix
from product_rpc.pb.product_pb2 import ProductPage, RecommendedRequest
from product_rpc.svc import ServiceContext


class RecommendedLogic:
    """推荐商品, 按推荐时间倒序, 游标分页"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def recommended(self, req: RecommendedRequest) -> ProductPage:
        cursor = time_cursor(req.cursor, req.last_id)
        page = await self.svc.product.list_by_status_recommend_time(
            Status.SHOWN, cursor, page_size(req.ps)
        )
        reply = ProductPage(
            products=await items(self.svc, page.rows), is_end=page.is_end
        )
        if page.rows:
            reply.last_val, reply.last_id = (
                unix(page.rows[-1].recommend_time),
                page.rows[-1].id,
            )
        return reply
