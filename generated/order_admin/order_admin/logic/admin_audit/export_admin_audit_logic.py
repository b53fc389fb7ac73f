# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/admin-audit-export"""

from mallgen_runtime import Context, Response, StreamingResponse

from order_admin.admin import admin_audit_rows
from order_admin.schemas import ExportAdminAuditRequest
from order_admin.svc import ServiceContext


class ExportAdminAuditLogic:
    """export admin_audit"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def export_admin_audit(self, req: ExportAdminAuditRequest) -> Response | None:
        pieces = admin_audit_rows.lines(self.svc.admin_audit, req)
        answer = StreamingResponse(pieces, content_type="text/csv; charset=utf-8")
        answer.headers["content-disposition"] = 'attachment; filename="admin_audit.csv"'
        return answer
