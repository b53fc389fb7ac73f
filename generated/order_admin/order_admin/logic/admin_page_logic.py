# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/admin-page"""

from mallgen_runtime import Context, Response
from mallgen_runtime.admin import described

from order_admin.admin_page import PAGE
from order_admin.svc import ServiceContext


class AdminPageLogic:
    """what the page shows"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def admin_page(self) -> Response | None:
        return described(PAGE)
