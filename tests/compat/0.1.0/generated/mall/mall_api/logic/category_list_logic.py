"""GET /v1/category/list"""

from collections.abc import Callable

from mallgen_runtime import Context

from mall_api.schemas import CategoryListRequest, CategoryListResponse, Product
from mall_api.store import page
from mall_api.svc import ServiceContext

SORTS: dict[str, Callable[[Product], int]] = {
    "create_time": lambda item: item.create_time,
    "stock": lambda item: item.stock,
}


class CategoryListLogic:
    """分类商品列表"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def category_list(self, req: CategoryListRequest) -> CategoryListResponse:
        key = SORTS.get(req.sort, SORTS["create_time"])
        found = [
            item
            for item in self.svc.store.products
            if req.category in ("", item.category)
        ]
        products, last, is_end = page(found, key, req.cursor, req.ps)
        return CategoryListResponse(products=products, is_end=is_end, last_val=last)
