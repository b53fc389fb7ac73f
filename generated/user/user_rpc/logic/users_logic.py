# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/user.User/Users"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from user_rpc.pb.user_pb2 import UserItem, UsersRequest, UsersResponse
from user_rpc.svc import ServiceContext

MOST = 200


class UsersLogic:
    """按 ID 取用户, 一次最多 200 个"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def users(self, req: UsersRequest) -> UsersResponse:
        """Those that there are."""
        if len(req.ids) > MOST:
            raise RpcError(
                Code.INVALID_ARGUMENT,
                f"at most {MOST} users at once, not {len(req.ids)}",
            )
        rows = await self.svc.user.find_many(req.ids)
        users = {
            row.id: UserItem(user_id=row.id, name=row.username, avatar=row.avatar)
            for row in rows
        }
        return UsersResponse(users=users)
