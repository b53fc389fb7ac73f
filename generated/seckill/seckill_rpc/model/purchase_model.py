# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on purchase."""

from datetime import UTC, datetime

from seckill_rpc.model.purchase_model_gen import PurchaseModelGen

PENDING, BOUGHT, REFUSED = 1, 2, 3
_END = (
    'UPDATE "purchase" SET "status" = ?, "orderid" = ?, "update_time" = ?'
    ' WHERE "userid" = ? AND "proid" = ? AND "status" = ?'
)


class PurchaseModel(PurchaseModelGen):
    """The table purchase: 秒杀资格表"""

    async def end(self, userid: int, proid: int, status: int, orderid: str = "") -> bool:
        """End a pending purchase; return False, and change nothing, where it has ended before."""
        values = (status, orderid, datetime.now(UTC), userid, proid, PENDING)
        return bool(await self.execute(_END, *values, changes=[(userid, proid)]))
