# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on user."""

from user_rpc.model.user_model_gen import UserModelGen


class UserModel(UserModelGen):
    """The table user: 用户表"""

    async def lock(self, id: int) -> bool:
        """Lock the row of a user until the transaction ends; return whether there is one.

        An update that changes nothing locks on every database; SQLite has no SELECT ... FOR UPDATE.
        """
        statement = 'UPDATE "user" SET "id" = "id" WHERE "id" = ?'
        return bool(await self.execute(statement, id, changes=[id]))
