# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on orders."""

from datetime import UTC, datetime

from order_admin.model.orders_model_gen import OrdersModelGen
from order_admin.status import NOT_SENT


class OrdersModel(OrdersModelGen):
    """The table orders: 订单表"""

    async def move(self, id: str, old: int, new: int) -> bool:
        """Give an order another status; return False, and change nothing, where it has not the old one any more."""
        statement = 'UPDATE "orders" SET "status" = ?, "update_time" = ? WHERE "id" = ? AND "status" = ?'
        values = (new, datetime.now(UTC), id, old)
        return bool(await self.execute(statement, *values, changes=[id]))

    async def hold(self, id: str) -> bool:
        """Lock an order that is not sent until the transaction ends; return False where it is sent, closed or gone."""
        statement = (
            'UPDATE "orders" SET "update_time" = ? WHERE "id" = ? AND "status" IN (?)'
        )
        values = (datetime.now(UTC), id, NOT_SENT)
        return bool(await self.execute(statement, *values, changes=[id]))
