# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/logout"""

from mallgen_runtime import Context, Response

from order_admin.svc import ServiceContext


class LogoutLogic:
    """end the session"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def logout(self) -> Response | None:
        await self.svc.admin_accounts.logout(self.ctx)
        return None
