# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/product-export"""

from mallgen_runtime import Context, Response, StreamingResponse

from product_admin.admin import product_rows
from product_admin.schemas import ExportProductRequest
from product_admin.svc import ServiceContext


class ExportProductLogic:
    """export product"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def export_product(self, req: ExportProductRequest) -> Response | None:
        pieces = product_rows.lines(self.svc.product, req)
        answer = StreamingResponse(pieces, content_type="text/csv; charset=utf-8")
        answer.headers["content-disposition"] = 'attachment; filename="product.csv"'
        return answer
