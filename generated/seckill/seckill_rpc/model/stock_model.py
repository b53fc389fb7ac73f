# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on stock."""

from seckill_rpc.model.stock_model_gen import StockModelGen

_TAKE = 'UPDATE "stock" SET "remaining" = "remaining" - 1 WHERE "proid" = ? AND "remaining" > 0'
_RETURN = 'UPDATE "stock" SET "remaining" = "remaining" + 1 WHERE "proid" = ?'


class StockModel(StockModelGen):
    """The table stock: 秒杀库存表"""

    async def take(self, proid: int) -> bool:
        """Take one; return False, and change nothing, where none is left."""
        return bool(await self.execute(_TAKE, proid, changes=[proid]))

    async def put_back(self, proid: int) -> None:
        """Put one back."""
        await self.execute(_RETURN, proid, changes=[proid])
