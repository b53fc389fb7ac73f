# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orderitem/:id"""

from mallgen_runtime import Context, Response

from order_admin.logic.orderitem.get_orderitem_logic import GetOrderitemLogic
from order_admin.schemas import GetOrderitemRequest, Orderitem
from order_admin.svc import ServiceContext


async def get_orderitem_handler(
    ctx: Context, svc: ServiceContext, req: GetOrderitemRequest
) -> Orderitem | Response:
    """get orderitem"""
    return await GetOrderitemLogic(ctx, svc).get_orderitem(req)
