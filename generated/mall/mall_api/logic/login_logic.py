# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/user/login"""

import time

from mallgen_runtime import Context, issue_token

from mall_api.rpc.user import LoginRequest as Credentials
from mall_api.schemas import LoginRequest, LoginResponse
from mall_api.svc import ServiceContext


class LoginLogic:
    """登录"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def login(self, req: LoginRequest) -> LoginResponse:
        """A token for the user whose password it is; user.rpc answers 401 for any other."""
        auth = self.svc.config.auth
        wanted = Credentials(username=req.username, password=req.password)
        user = await self.svc.user_rpc.login(wanted)
        return LoginResponse(
            uid=user.user_id,
            access_token=issue_token(auth, uid=user.user_id),
            access_expire=int(time.time()) + auth.access_expire,
        )
