# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on timer."""

from datetime import datetime

from order_queue_rmq.model.timer_model_gen import TimerModelGen, TimerRow

MOST_DUE = 100  # of one pass


class TimerModel(TimerModelGen):
    """The table timer: 订单到期表"""

    async def due(self, now: datetime) -> list[TimerRow]:
        """Return the rows that are due, the oldest first; at most MOST_DUE."""
        page = await self.list_by_due(limit=MOST_DUE, descending=False)
        return [row for row in page.rows if row.due <= now]
