# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/user.User/Login"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from user_rpc.passwords import fits
from user_rpc.pb.user_pb2 import LoginRequest, LoginResponse
from user_rpc.svc import ServiceContext


class LoginLogic:
    """登录; 用户名或密码不对时返回 UNAUTHENTICATED, 不说是哪一个"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def login(self, req: LoginRequest) -> LoginResponse:
        user = await self.svc.user.find_one_by_username(req.username)
        if (
            not await fits(req.password, user.password if user else None)
            or user is None
        ):
            raise RpcError(
                Code.UNAUTHENTICATED, "the username or the password is wrong"
            )
        return LoginResponse(user_id=user.id)
