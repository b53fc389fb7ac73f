# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/me"""

from mallgen_runtime import Context, Response

from order_admin.schemas import MeResponse
from order_admin.svc import ServiceContext


class MeLogic:
    """who has logged in"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def me(self) -> MeResponse | Response:
        mine = self.svc.admin_accounts.me(self.ctx)
        return MeResponse(name=mine.name, roles=mine.roles, csrf=mine.csrf)
