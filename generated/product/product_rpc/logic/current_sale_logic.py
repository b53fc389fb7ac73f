# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/product.Product/CurrentSale"""

from datetime import UTC, datetime

from mallgen_runtime.rpc import RpcContext

from product_rpc.items import Status, items
from product_rpc.paging import unix
from product_rpc.pb.product_pb2 import CurrentSaleRequest, CurrentSaleResponse
from product_rpc.svc import ServiceContext

MOST = 50


class CurrentSaleLogic:
    """正在进行或最近将开始的限时抢购"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def current_sale(self, req: CurrentSaleRequest) -> CurrentSaleResponse:
        """The sale that ends first, with those of its products that are on sale."""
        sales = await self.svc.flashsale.list_by_end_time(
            (datetime.now(UTC), 0), 1, descending=False
        )
        if not sales.rows:
            return CurrentSaleResponse()
        sale = sales.rows[0]
        listed = await self.svc.flashsaleitem.list_by_flashsaleid_position(
            sale.id, limit=MOST
        )
        rows = await self.svc.product.find_many(one.proid for one in listed.rows)
        shown = [row for row in rows if row.status == Status.SHOWN]
        return CurrentSaleResponse(
            start_time=unix(sale.start_time), products=await items(self.svc, shown)
        )
