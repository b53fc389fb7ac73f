# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/admin-audit/:id"""

from mallgen_runtime import ApiError, Context, Response

from order_admin.admin import admin_audit_rows
from order_admin.schemas import AdminAudit, GetAdminAuditRequest
from order_admin.svc import ServiceContext


class GetAdminAuditLogic:
    """get admin_audit"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def get_admin_audit(self, req: GetAdminAuditRequest) -> AdminAudit | Response:
        row = await self.svc.admin_audit.find_one(req.id)
        if row is None:
            raise ApiError(404, "not_found", "there is no such admin_audit")
        return admin_audit_rows.view(row)
