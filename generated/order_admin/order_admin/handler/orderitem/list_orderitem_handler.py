# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/orderitem"""

from mallgen_runtime import Context, Response

from order_admin.logic.orderitem.list_orderitem_logic import ListOrderitemLogic
from order_admin.schemas import ListOrderitemRequest, ListOrderitemResponse
from order_admin.svc import ServiceContext


async def list_orderitem_handler(
    ctx: Context, svc: ServiceContext, req: ListOrderitemRequest
) -> ListOrderitemResponse | Response:
    """list orderitem"""
    return await ListOrderitemLogic(ctx, svc).list_orderitem(req)
