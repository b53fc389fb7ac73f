# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/shopping-export"""

from mallgen_runtime import Context, Response, StreamingResponse

from order_admin.admin import shopping_rows
from order_admin.schemas import ExportShoppingRequest
from order_admin.svc import ServiceContext


class ExportShoppingLogic:
    """export shopping"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def export_shopping(self, req: ExportShoppingRequest) -> Response | None:
        pieces = shopping_rows.lines(self.svc.shopping, req)
        answer = StreamingResponse(pieces, content_type="text/csv; charset=utf-8")
        answer.headers["content-disposition"] = 'attachment; filename="shopping.csv"'
        return answer
