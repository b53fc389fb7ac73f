# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/admin-audit"""

from mallgen_runtime import Context, Response

from order_admin.admin import admin_audit_rows
from order_admin.schemas import ListAdminAuditRequest, ListAdminAuditResponse
from order_admin.svc import ServiceContext


class ListAdminAuditLogic:
    """list admin_audit"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def list_admin_audit(
        self, req: ListAdminAuditRequest
    ) -> ListAdminAuditResponse | Response:
        rows, cursor = await admin_audit_rows.page(self.svc.admin_audit, req)
        items = [admin_audit_rows.view(row) for row in rows]
        return ListAdminAuditResponse(items=items, cursor=cursor)
