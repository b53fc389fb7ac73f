"""Orders whose time to be paid is over."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Protocol

from order_queue_rmq.model.timer_model import MOST_DUE, TimerModel
from order_queue_rmq.model.timer_model_gen import TimerRow
from order_queue_rmq.rpc.order import CloseRequest, OrderClient
from order_queue_rmq.rpc.product import ProductClient, ReleaseRequest
from order_queue_rmq.rpc.seckill import ExpireRequest, SeckillClient

PAUSE = 1.0  # seconds
AT_ONCE = 8  # orders that are being closed
AGAIN = timedelta(seconds=30)  # until the next attempt, so that one order holds up no other

log = logging.getLogger(__name__)


class Services(Protocol):
    """What closing an order takes."""

    timer: TimerModel
    order_rpc: OrderClient
    product_rpc: ProductClient
    seckill_rpc: SeckillClient


class Timers:
    """Closes the orders that are due. Several processes may do so at once: each step can be repeated."""

    def __init__(self, svc: Services) -> None:
        self._svc = svc

    async def run(self) -> None:
        """Close what is due, until the task is cancelled."""
        while True:
            found = 0
            try:
                found = await self.close_due()
            except Exception:  # who watched the orders if this ended?
                log.exception("the timers are looked at again after a pause")
            if found < MOST_DUE:
                await asyncio.sleep(PAUSE)

    async def close_due(self) -> int:
        """Close the orders that are due, a few at once, and return how many were; at most MOST_DUE."""
        rows = await self._svc.timer.due(datetime.now(UTC))
        places = asyncio.Semaphore(AT_ONCE)

        async def end(row: TimerRow) -> None:
            async with places:
                await self._end(row)

        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(end(row))
        return len(rows)

    async def _end(self, row: TimerRow) -> None:
        """Close an order; one that cannot be closed now is due again later."""
        timer, request = self._svc.timer, row.requestid
        try:
            await self._close(row)
        except Exception as problem:  # whatever it is, the others are closed
            log.warning("%s cannot be closed yet: %r", request, problem)
            await timer.update(request, due=datetime.now(UTC) + AGAIN)
        else:
            await timer.delete(request)

    async def _close(self, row: TimerRow) -> None:
        """The order first: one that is closed cannot be paid, so its stock is free."""
        request, user, product = row.requestid, row.userid, row.proid
        closed = await self._svc.order_rpc.close(CloseRequest(request_id=request))
        if closed.is_paid:
            return
        if user:  # an order of the flash sale
            await self._svc.seckill_rpc.expire(
                ExpireRequest(user_id=user, product_id=product)
            )
        else:
            await self._svc.product_rpc.release(ReleaseRequest(request_id=request))
