# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on product."""

from datetime import UTC, datetime

from product_rpc.model.product_model_gen import ProductModelGen


class ProductModel(ProductModelGen):
    """The table product: 商品表"""

    async def take(self, id: int, quantity: int) -> bool:
        """Reduce the stock of a product; return False, and change nothing, where there is not enough."""
        statement = 'UPDATE "product" SET "stock" = "stock" - ?, "update_time" = ? WHERE "id" = ? AND "stock" >= ?'
        values = (quantity, datetime.now(UTC), id, quantity)
        return bool(await self.execute(statement, *values, changes=[id]))

    async def put_back(self, id: int, quantity: int) -> None:
        """Increase the stock of a product."""
        statement = 'UPDATE "product" SET "stock" = "stock" + ?, "update_time" = ? WHERE "id" = ?'
        await self.execute(statement, quantity, datetime.now(UTC), id, changes=[id])
