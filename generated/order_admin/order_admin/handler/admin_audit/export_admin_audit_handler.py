# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/admin-audit-export"""

from mallgen_runtime import Context, Response

from order_admin.logic.admin_audit.export_admin_audit_logic import ExportAdminAuditLogic
from order_admin.schemas import ExportAdminAuditRequest
from order_admin.svc import ServiceContext


async def export_admin_audit_handler(
    ctx: Context, svc: ServiceContext, req: ExportAdminAuditRequest
) -> Response | None:
    """export admin_audit"""
    return await ExportAdminAuditLogic(ctx, svc).export_admin_audit(req)
