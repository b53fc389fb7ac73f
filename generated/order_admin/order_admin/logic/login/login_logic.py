# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/login"""

from mallgen_runtime import Context, Response

from order_admin.schemas import LoginRequest, LoginResponse
from order_admin.svc import ServiceContext


class LoginLogic:
    """begin a session; sets its cookie, too"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def login(self, req: LoginRequest) -> LoginResponse | Response:
        entry = await self.svc.admin_accounts.login(self.ctx, req.name, req.password)
        return LoginResponse(
            name=entry.name,
            roles=entry.roles,
            csrf=entry.csrf,
            access_token=entry.access_token,
            expires_in=entry.expires_in,
            refresh_token=entry.refresh_token,
        )
