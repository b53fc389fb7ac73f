"""Orders whose time to be paid is over."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Protocol

from mallgen_runtime.rpc import RpcError
from mallgen_runtime.sql import DatabaseError

from order_queue_rmq.model.timer_model import TimerModel
from order_queue_rmq.rpc.order import CloseRequest, OrderClient
from order_queue_rmq.rpc.product import ProductClient, ReleaseRequest

PAUSE = 1.0  # seconds
AGAIN = timedelta(
    seconds=30
)  # until the next attempt, so that one order holds up no other

log = logging.getLogger(__name__)


class Services(Protocol):
    """What closing an order takes."""

    timer: TimerModel
    order_rpc: OrderClient
    product_rpc: ProductClient


class Timers:
    """Closes the orders that are due. Several processes may do so at once: each step can be repeated."""

    def __init__(self, svc: Services) -> None:
        self._svc = svc

    async def run(self) -> None:
        """Close what is due, until the task is cancelled."""
        while True:
            try:
                await self.close_due()
            except DatabaseError as problem:
                log.warning("the timers cannot be read: %s", problem)
            await asyncio.sleep(PAUSE)

    async def close_due(self) -> None:
        """Close the orders that are due; one that cannot be closed now is due again later."""
        timer = self._svc.timer
        for row in await timer.due(datetime.now(UTC)):
            try:
                await self._close(row.requestid)
            except RpcError as problem:
                log.warning("%s cannot be closed yet: %s", row.requestid, problem)
                await timer.update(row.requestid, due=datetime.now(UTC) + AGAIN)
            else:
                await timer.delete(row.requestid)

    async def _close(self, request: str) -> None:
        """The order first: one that is closed cannot be paid, so its stock is free."""
        closed = await self._svc.order_rpc.close(CloseRequest(request_id=request))
        if not closed.is_paid:
            await self._svc.product_rpc.release(ReleaseRequest(request_id=request))
