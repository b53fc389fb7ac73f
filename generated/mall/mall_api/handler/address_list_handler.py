# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/address"""

from mallgen_runtime import Context, Response

from mall_api.logic.address_list_logic import AddressListLogic
from mall_api.schemas import AddressListResponse
from mall_api.svc import ServiceContext


async def address_list_handler(
    ctx: Context, svc: ServiceContext
) -> AddressListResponse | Response:
    """收货地址, 最近添加的在前, 最多 20 个"""
    return await AddressListLogic(ctx, svc).address_list()
