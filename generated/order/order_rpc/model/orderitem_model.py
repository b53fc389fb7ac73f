# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on orderitem."""

from collections.abc import Sequence

from order_rpc.model.orderitem_model_gen import OrderitemModelGen, OrderitemRow


class OrderitemModel(OrderitemModelGen):
    """The table orderitem: 订单明细表"""

    async def of_orders(self, ids: Sequence[str]) -> dict[str, list[OrderitemRow]]:
        """Return the items of orders by the order's id, in one query."""
        found: dict[str, list[OrderitemRow]] = {}
        query = 'SELECT * FROM "orderitem" WHERE "orderid" IN (?) ORDER BY "id"'
        for item in await self.fetch(OrderitemRow, query, tuple(ids)):
            found.setdefault(item.orderid, []).append(item)
        return found
