# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/address/:id"""

from mallgen_runtime import Context, Response

from mall_api.claims import uid
from mall_api.rpc.user import RemoveAddressRequest
from mall_api.schemas import AddressRemoveRequest
from mall_api.svc import ServiceContext


class AddressRemoveLogic:
    """删除收货地址"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def address_remove(self, req: AddressRemoveRequest) -> Response | None:
        await self.svc.user_rpc.remove_address(
            RemoveAddressRequest(user_id=uid(self.ctx), address_id=req.id)
        )
        return None
