# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orders-export"""

from mallgen_runtime import Context, Response, StreamingResponse

from order_admin.admin import orders_rows
from order_admin.schemas import ExportOrdersRequest
from order_admin.svc import ServiceContext


class ExportOrdersLogic:
    """export orders"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def export_orders(self, req: ExportOrdersRequest) -> Response | None:
        pieces = orders_rows.lines(self.svc.orders, req)
        answer = StreamingResponse(pieces, content_type="text/csv; charset=utf-8")
        answer.headers["content-disposition"] = 'attachment; filename="orders.csv"'
        return answer
