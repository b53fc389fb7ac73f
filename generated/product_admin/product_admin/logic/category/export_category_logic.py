# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/category-export"""

from mallgen_runtime import Context, Response, StreamingResponse

from product_admin.admin import category_rows
from product_admin.schemas import ExportCategoryRequest
from product_admin.svc import ServiceContext


class ExportCategoryLogic:
    """export category"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def export_category(self, req: ExportCategoryRequest) -> Response | None:
        pieces = category_rows.lines(self.svc.category, req)
        answer = StreamingResponse(pieces, content_type="text/csv; charset=utf-8")
        answer.headers["content-disposition"] = 'attachment; filename="category.csv"'
        return answer
