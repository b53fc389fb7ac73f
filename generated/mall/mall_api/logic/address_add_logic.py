# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/address"""

from mallgen_runtime import Context

from mall_api.claims import uid
from mall_api.rpc.user import AddAddressRequest, AddressItem
from mall_api.schemas import AddressAddRequest, AddressAddResponse
from mall_api.svc import ServiceContext


class AddressAddLogic:
    """添加收货地址"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def address_add(self, req: AddressAddRequest) -> AddressAddResponse:
        address = AddressItem(
            name=req.name,
            phone=req.phone,
            province=req.province,
            city=req.city,
            district=req.district,
            detail=req.detail,
        )
        added = await self.svc.user_rpc.add_address(
            AddAddressRequest(user_id=uid(self.ctx), address=address)
        )
        return AddressAddResponse(id=added.address_id)
