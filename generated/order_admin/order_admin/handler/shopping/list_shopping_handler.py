# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/shopping"""

from mallgen_runtime import Context, Response

from order_admin.logic.shopping.list_shopping_logic import ListShoppingLogic
from order_admin.schemas import ListShoppingRequest, ListShoppingResponse
from order_admin.svc import ServiceContext


async def list_shopping_handler(
    ctx: Context, svc: ServiceContext, req: ListShoppingRequest
) -> ListShoppingResponse | Response:
    """list shopping"""
    return await ListShoppingLogic(ctx, svc).list_shopping(req)
