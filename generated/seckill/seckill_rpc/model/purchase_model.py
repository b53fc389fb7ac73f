# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on purchase."""

from datetime import UTC, datetime

import msgspec

from seckill_rpc.model.purchase_model_gen import PurchaseModelGen

PENDING, BOUGHT, REFUSED, CLOSED = 1, 2, 3, 4
_FIND = 'SELECT "status", "orderid" FROM "purchase" WHERE "userid" = ? AND "proid" = ?'
_END = (
    'UPDATE "purchase" SET "status" = ?, "orderid" = ?, "update_time" = ?'
    ' WHERE "userid" = ? AND "proid" = ? AND "status" = ?'
)
_CLOSE = (
    'UPDATE "purchase" SET "status" = ?, "update_time" = ?'
    ' WHERE "userid" = ? AND "proid" = ? AND "status" IN (?, ?)'
)


class Purchase(msgspec.Struct):
    """What has become of a purchase."""

    status: int
    orderid: str


class PurchaseModel(PurchaseModelGen):
    """The table purchase: 秒杀资格表"""

    async def of(self, userid: int, proid: int) -> Purchase | None:
        """Return a purchase from the database: what a buyer is told about it must not come from a cache that is late.

        Nor from a replica: call it `within` a transaction or `db.primary`.
        """
        return await self.fetch_one(Purchase, _FIND, userid, proid)

    async def end(self, userid: int, proid: int, status: int, orderid: str = "") -> bool:
        """End a pending purchase; return False, and change nothing, where it has ended before."""
        values = (status, orderid, datetime.now(UTC), userid, proid, PENDING)
        return bool(await self.execute(_END, *values, changes=[(userid, proid)]))

    async def close(self, userid: int, proid: int) -> bool:
        """Close a purchase that is not paid, its order made or not; return False where it has an end already."""
        values = (CLOSED, datetime.now(UTC), userid, proid, PENDING, BOUGHT)
        return bool(await self.execute(_CLOSE, *values, changes=[(userid, proid)]))
