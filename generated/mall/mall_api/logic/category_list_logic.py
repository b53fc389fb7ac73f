"""GET /v1/category/list"""

from mallgen_runtime import Context

from mall_api.products import product
from mall_api.rpc.product import CategoryProductsRequest
from mall_api.schemas import CategoryListRequest, CategoryListResponse
from mall_api.svc import ServiceContext


class CategoryListLogic:
    """分类商品列表"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def category_list(self, req: CategoryListRequest) -> CategoryListResponse:
        page = await self.svc.product_rpc.category_products(
            CategoryProductsRequest(
                category=req.category,
                sort=req.sort,
                cursor=req.cursor,
                last_id=req.last_id,
                ps=req.ps,
            )
        )
        return CategoryListResponse(
            products=[product(item) for item in page.products],
            is_end=page.is_end,
            last_val=page.last_val,
            last_id=page.last_id,
        )
