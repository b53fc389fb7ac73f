# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/user.User/RemoveAddress"""

from mallgen_runtime.rpc import RpcContext

from user_rpc.pb.user_pb2 import RemoveAddressRequest, RemoveAddressResponse
from user_rpc.svc import ServiceContext


class RemoveAddressLogic:
    """删除收货地址; 不是该用户的地址不删除, 也不是错误"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def remove_address(self, req: RemoveAddressRequest) -> RemoveAddressResponse:
        row = await self.svc.address.find_one(req.address_id)
        removed = (
            row is not None
            and row.userid == req.user_id
            and await self.svc.address.delete(row.id)
        )
        return RemoveAddressResponse(removed=removed)
