# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orderitem-export"""

from mallgen_runtime import Context, Response, StreamingResponse

from order_admin.admin import orderitem_rows
from order_admin.schemas import ExportOrderitemRequest
from order_admin.svc import ServiceContext


class ExportOrderitemLogic:
    """export orderitem"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def export_orderitem(self, req: ExportOrderitemRequest) -> Response | None:
        pieces = orderitem_rows.lines(self.svc.orderitem, req)
        answer = StreamingResponse(pieces, content_type="text/csv; charset=utf-8")
        answer.headers["content-disposition"] = 'attachment; filename="orderitem.csv"'
        return answer
