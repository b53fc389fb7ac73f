# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on cartcount."""

from contextlib import suppress

from mallgen_runtime.sql import DuplicateKey

from cart_rpc.model.cartcount_model_gen import CartcountModelGen

MOST_ITEMS = 200


class CartcountModel(CartcountModelGen):
    """The table cartcount: 购物车商品数表"""

    async def ensure(self, userid: int) -> None:
        """Make the row of a user where it is missing."""
        if await self.find_one(userid) is None:
            with suppress(DuplicateKey):  # another request was faster
                await self.insert(userid=userid)

    async def lock(self, userid: int) -> int:
        """Lock the row of a user until the transaction ends, and return the number of items.

        An update that changes nothing locks on every database; SQLite has no SELECT ... FOR UPDATE.
        """
        statement = 'UPDATE "cartcount" SET "userid" = "userid" WHERE "userid" = ?'
        await self.execute(statement, userid, changes=[userid])
        row = await self.find_one(userid)
        return row.items if row is not None else 0
