# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/admin-audit"""

from mallgen_runtime import Context, Response

from order_admin.logic.admin_audit.list_admin_audit_logic import ListAdminAuditLogic
from order_admin.schemas import ListAdminAuditRequest, ListAdminAuditResponse
from order_admin.svc import ServiceContext


async def list_admin_audit_handler(
    ctx: Context, svc: ServiceContext, req: ListAdminAuditRequest
) -> ListAdminAuditResponse | Response:
    """list admin_audit"""
    return await ListAdminAuditLogic(ctx, svc).list_admin_audit(req)
