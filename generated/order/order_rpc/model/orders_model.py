# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on orders."""

from datetime import UTC, datetime

from order_rpc.model.orders_model_gen import OrdersModelGen
from order_rpc.status import NOBODY, Status


class OrdersModel(OrdersModelGen):
    """The table orders: 订单表"""

    async def close(self, id: str) -> bool:
        """Close an order; return False, and change nothing, where it is not unpaid."""
        statement = 'UPDATE "orders" SET "status" = ?, "close_time" = ?, "update_time" = ? WHERE "id" = ? AND "status" = ?'
        now = datetime.now(UTC)
        values = (Status.CLOSED, now, now, id, Status.UNPAID)
        return bool(await self.execute(statement, *values, changes=[id]))

    async def close_early(self, requestid: str) -> None:
        """Make a closed order of nobody's, so that none is made later. Raises DuplicateKey where there is an order."""
        await self.insert(
            id=requestid,
            requestid=requestid,
            userid=NOBODY,
            status=Status.CLOSED,
            close_time=datetime.now(UTC),
        )

    async def pay(self, id: str) -> bool:
        """Mark an order as paid; return False, and change nothing, where it is not unpaid."""
        statement = 'UPDATE "orders" SET "status" = ?, "payment_time" = ?, "update_time" = ? WHERE "id" = ? AND "status" = ?'
        now = datetime.now(UTC)
        values = (Status.PAID, now, now, id, Status.UNPAID)
        return bool(await self.execute(statement, *values, changes=[id]))
