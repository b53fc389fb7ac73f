# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/refresh"""

from mallgen_runtime import Context, Response

from order_admin.schemas import LoginResponse, RefreshRequest
from order_admin.svc import ServiceContext


class RefreshLogic:
    """new tokens for a refresh token"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def refresh(self, req: RefreshRequest) -> LoginResponse | Response:
        entry = await self.svc.admin_accounts.refresh(self.ctx, req.refresh_token)
        return LoginResponse(
            name=entry.name,
            roles=entry.roles,
            csrf=entry.csrf,
            access_token=entry.access_token,
            expires_in=entry.expires_in,
            refresh_token=entry.refresh_token,
        )
