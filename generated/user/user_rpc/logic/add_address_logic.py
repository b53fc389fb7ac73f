# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/user.User/AddAddress"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from user_rpc.model.address_model import MOST_ADDRESSES
from user_rpc.pb.user_pb2 import AddAddressRequest, AddAddressResponse
from user_rpc.svc import ServiceContext


class AddAddressLogic:
    """添加收货地址; 没有该用户时返回 NOT_FOUND, 已有 20 个时返回 FAILED_PRECONDITION"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def add_address(self, req: AddAddressRequest) -> AddAddressResponse:
        """Two adds of one user wait for each other, so that only one of them can be the last that fits."""
        async with self.svc.db.transaction() as tx:
            address = self.svc.address.within(tx)
            if not await self.svc.user.within(tx).lock(req.user_id):
                raise RpcError(Code.NOT_FOUND, f"there is no user {req.user_id}")
            if await address.count_by_userid_create_time(req.user_id) >= MOST_ADDRESSES:
                raise RpcError(
                    Code.FAILED_PRECONDITION,
                    f"a user has at most {MOST_ADDRESSES} addresses",
                )
            added = await address.insert(
                userid=req.user_id,
                name=req.address.name,
                phone=req.address.phone,
                province=req.address.province,
                city=req.address.city,
                district=req.address.district,
                detail=req.address.detail,
            )
        return AddAddressResponse(address_id=added)
