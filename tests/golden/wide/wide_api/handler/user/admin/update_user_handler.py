# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/users/:id"""

from mallgen_runtime import Context, Response

from wide_api.logic.user.admin.update_user_logic import UpdateUserLogic
from wide_api.schemas import UpdateUserRequest, User
from wide_api.svc import ServiceContext


async def update_user_handler(
    ctx: Context, svc: ServiceContext, req: UpdateUserRequest
) -> User | Response:
    """改用户"""
    return await UpdateUserLogic(ctx, svc).update_user(req)
