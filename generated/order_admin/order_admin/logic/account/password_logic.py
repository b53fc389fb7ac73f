# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/password"""

from mallgen_runtime import Context, Response

from order_admin.schemas import PasswordRequest
from order_admin.svc import ServiceContext


class PasswordLogic:
    """change the own password, which ends all sessions"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def password(self, req: PasswordRequest) -> Response | None:
        await self.svc.admin_accounts.change_password(
            self.ctx, req.old_password, req.new_password
        )
        return None
