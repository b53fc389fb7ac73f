# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on reservation."""

from datetime import UTC, datetime

from product_rpc.model.reservation_model_gen import ReservationModelGen

TAKEN = 1
GIVEN_BACK = 2


class ReservationModel(ReservationModelGen):
    """The table reservation: 库存预留表"""

    async def give_back(self, requestid: str) -> bool:
        """Mark a reservation as given back; return False where that is so already, or there is none."""
        statement = 'UPDATE "reservation" SET "status" = ?, "update_time" = ? WHERE "requestid" = ? AND "status" = ?'
        values = (GIVEN_BACK, datetime.now(UTC), requestid, TAKEN)
        return bool(await self.execute(statement, *values, changes=[requestid]))
