# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/user.User/Addresses"""

from mallgen_runtime.rpc import RpcContext

from user_rpc.model.address_model import MOST_ADDRESSES
from user_rpc.pb.user_pb2 import AddressesRequest, AddressesResponse, AddressItem
from user_rpc.svc import ServiceContext


class AddressesLogic:
    """收货地址, 最近添加的在前; 最多 20 个, 不分页"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def addresses(self, req: AddressesRequest) -> AddressesResponse:
        page = await self.svc.address.list_by_userid_create_time(
            req.user_id, limit=MOST_ADDRESSES
        )
        items = [
            AddressItem(
                address_id=row.id,
                name=row.name,
                phone=row.phone,
                province=row.province,
                city=row.city,
                district=row.district,
                detail=row.detail,
            )
            for row in page.rows
        ]
        return AddressesResponse(addresses=items)
