# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/users/:id"""

from mallgen_runtime import Context, Response

from wide_api.schemas import UpdateUserRequest, User
from wide_api.svc import ServiceContext


class UpdateUserLogic:
    """改用户"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def update_user(self, req: UpdateUserRequest) -> User | Response:
        raise NotImplementedError("POST /v1/users/:id")
