# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/admin-page"""

from mallgen_runtime import Context, Response

from order_admin.logic.admin_page_logic import AdminPageLogic
from order_admin.svc import ServiceContext


async def admin_page_handler(ctx: Context, svc: ServiceContext) -> Response | None:
    """what the page shows"""
    return await AdminPageLogic(ctx, svc).admin_page()
