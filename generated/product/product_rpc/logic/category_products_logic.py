# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/product.Product/CategoryProducts"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from product_rpc.items import Status, items
from product_rpc.model.product_model_gen import ProductRow
from product_rpc.paging import page_size, time_cursor, unix
from product_rpc.pb.product_pb2 import CategoryProductsRequest, ProductPage
from product_rpc.svc import ServiceContext


class CategoryProductsLogic:
    """分类商品, 按所选的列倒序, 游标分页"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def category_products(self, req: CategoryProductsRequest) -> ProductPage:
        """An unknown category has no products; an unknown order is the caller's mistake."""
        if not req.category:
            rows, is_end = await self._all(req)
        elif (
            category := await self.svc.category.find_one_by_name(req.category)
        ) is not None:
            rows, is_end = await self._of(category.id, req)
        else:
            rows, is_end = [], True
        reply = ProductPage(products=await items(self.svc, rows), is_end=is_end)
        if rows:
            reply.last_val, reply.last_id = _value(rows[-1], req.sort), rows[-1].id
        return reply

    async def _all(self, req: CategoryProductsRequest) -> tuple[list[ProductRow], bool]:
        product, size, numbers = self.svc.product, page_size(req.ps), _numbers(req)
        match req.sort:
            case "" | "create_time":
                times = time_cursor(req.cursor, req.last_id)
                by_time = await product.list_by_status_create_time(
                    Status.SHOWN, times, size
                )
                return by_time.rows, by_time.is_end
            case "sales":
                page = await product.list_by_status_sales(Status.SHOWN, numbers, size)
            case "stock":
                page = await product.list_by_status_stock(Status.SHOWN, numbers, size)
            case _:
                raise _unknown(req.sort)
        return page.rows, page.is_end

    async def _of(
        self, category: int, req: CategoryProductsRequest
    ) -> tuple[list[ProductRow], bool]:
        product, size, numbers = self.svc.product, page_size(req.ps), _numbers(req)
        match req.sort:
            case "" | "create_time":
                times = time_cursor(req.cursor, req.last_id)
                by_time = await product.list_by_cateid_status_create_time(
                    category, Status.SHOWN, times, size
                )
                return by_time.rows, by_time.is_end
            case "sales":
                page = await product.list_by_cateid_status_sales(
                    category, Status.SHOWN, numbers, size
                )
            case "stock":
                page = await product.list_by_cateid_status_stock(
                    category, Status.SHOWN, numbers, size
                )
            case _:
                raise _unknown(req.sort)
        return page.rows, page.is_end


def _numbers(req: CategoryProductsRequest) -> tuple[int, int] | None:
    """Return the cursor behind a row; 0 is a value that a last row may have."""
    is_behind = req.cursor > 0 or req.last_id > 0
    return (req.cursor, req.last_id) if is_behind else None


def _unknown(sort: str) -> RpcError:
    return RpcError(
        Code.INVALID_ARGUMENT, f"sort is create_time, sales or stock, not {sort[:50]}"
    )


def _value(row: ProductRow, sort: str) -> int:
    """Return the value of the column that a list is sorted by."""
    return {"sales": row.sales, "stock": row.stock}.get(sort, unix(row.create_time))
