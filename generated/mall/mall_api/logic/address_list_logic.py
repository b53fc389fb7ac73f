# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/address"""

from mallgen_runtime import Context

from mall_api.claims import uid
from mall_api.rpc.user import AddressesRequest, AddressItem
from mall_api.schemas import Address, AddressListResponse
from mall_api.svc import ServiceContext


class AddressListLogic:
    """收货地址, 最近添加的在前, 最多 20 个"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def address_list(self) -> AddressListResponse:
        found = await self.svc.user_rpc.addresses(
            AddressesRequest(user_id=uid(self.ctx))
        )
        return AddressListResponse(addresses=[_address(one) for one in found.addresses])


def _address(item: AddressItem) -> Address:
    return Address(
        id=item.address_id,
        name=item.name,
        phone=item.phone,
        province=item.province,
        city=item.city,
        district=item.district,
        detail=item.detail,
    )
