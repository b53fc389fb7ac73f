# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on orders."""

from datetime import UTC, datetime

from order_rpc.model.orders_model_gen import OrdersModelGen
from order_rpc.status import Status


class OrdersModel(OrdersModelGen):
    """The table orders: 订单表"""

    async def close(self, id: str) -> bool:
        """Close an order; return False, and change nothing, where it is not unpaid."""
        statement = 'UPDATE "orders" SET "status" = ?, "close_time" = ?, "update_time" = ? WHERE "id" = ? AND "status" = ?'
        now = datetime.now(UTC)
        values = (Status.CLOSED, now, now, id, Status.UNPAID)
        return bool(await self.execute(statement, *values, changes=[id]))

    async def pay(self, id: str) -> bool:
        """Mark an order as paid; return False, and change nothing, where it is not unpaid."""
        statement = 'UPDATE "orders" SET "status" = ?, "payment_time" = ?, "update_time" = ? WHERE "id" = ? AND "status" = ?'
        now = datetime.now(UTC)
        values = (Status.PAID, now, now, id, Status.UNPAID)
        return bool(await self.execute(statement, *values, changes=[id]))
