# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/user.User/Register"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError
from mallgen_runtime.sql import DuplicateKey

from user_rpc.passwords import hashed
from user_rpc.pb.user_pb2 import RegisterRequest, RegisterResponse
from user_rpc.svc import ServiceContext


class RegisterLogic:
    """注册; 用户名已被使用时返回 ALREADY_EXISTS"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def register(self, req: RegisterRequest) -> RegisterResponse:
        if not 1 <= len(req.username) <= 50:
            raise RpcError(
                Code.INVALID_ARGUMENT, "username must have 1 to 50 characters"
            )
        if not 8 <= len(req.password) <= 128:
            raise RpcError(
                Code.INVALID_ARGUMENT, "password must have 8 to 128 characters"
            )
        if len(req.phone) > 20:
            raise RpcError(
                Code.INVALID_ARGUMENT, "phone must have at most 20 characters"
            )
        password = await hashed(req.password)
        try:
            user = await self.svc.user.insert(
                username=req.username, password=password, phone=req.phone
            )
        except DuplicateKey:
            raise RpcError(Code.ALREADY_EXISTS, "the username is taken") from None
        return RegisterResponse(user_id=user)
