# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on orders."""

from collections.abc import Sequence

from order_admin.model.orders_model_gen import OrdersModelGen


class OrdersModel(OrdersModelGen):
    """The table orders: 订单表"""

    async def lock(self, ids: Sequence[str]) -> None:
        """Lock orders until the transaction ends: nobody pays, closes or sends them meanwhile.

        Before anything is read, as a transaction may go on seeing what it saw first. An update that changes nothing
        locks on every database; SQLite has no SELECT ... FOR UPDATE.
        """
        statement = 'UPDATE "orders" SET "id" = "id" WHERE "id" IN (?)'
        await self.execute(statement, tuple(ids), changes=ids)
