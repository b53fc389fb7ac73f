# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""DELETE /v1/address/:id"""

from mallgen_runtime import Context, Response

from mall_api.logic.address_remove_logic import AddressRemoveLogic
from mall_api.schemas import AddressRemoveRequest
from mall_api.svc import ServiceContext


async def address_remove_handler(
    ctx: Context, svc: ServiceContext, req: AddressRemoveRequest
) -> Response | None:
    """删除收货地址"""
    return await AddressRemoveLogic(ctx, svc).address_remove(req)
