# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/login"""

from mallgen_runtime import Context, Response

from wide_api.schemas import LoginRequest
from wide_api.svc import ServiceContext


class LoginLogic:
    """Login with a form."""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def login(self, req: LoginRequest) -> Response | None:
        raise NotImplementedError("POST /v1/login")
