# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/admin-audit/:id"""

from mallgen_runtime import Context, Response

from order_admin.logic.admin_audit.get_admin_audit_logic import GetAdminAuditLogic
from order_admin.schemas import AdminAudit, GetAdminAuditRequest
from order_admin.svc import ServiceContext


async def get_admin_audit_handler(
    ctx: Context, svc: ServiceContext, req: GetAdminAuditRequest
) -> AdminAudit | Response:
    """get admin_audit"""
    return await GetAdminAuditLogic(ctx, svc).get_admin_audit(req)
