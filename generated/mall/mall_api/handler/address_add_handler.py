# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/address"""

from mallgen_runtime import Context, Response

from mall_api.logic.address_add_logic import AddressAddLogic
from mall_api.schemas import AddressAddRequest, AddressAddResponse
from mall_api.svc import ServiceContext


async def address_add_handler(
    ctx: Context, svc: ServiceContext, req: AddressAddRequest
) -> AddressAddResponse | Response:
    """添加收货地址"""
    return await AddressAddLogic(ctx, svc).address_add(req)
