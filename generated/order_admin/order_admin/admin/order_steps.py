"""The steps of an order by hand."""

from datetime import UTC, datetime

from mallgen_runtime import ApiError

from order_admin.model.orders_model import OrdersModel
from order_admin.model.orders_model_gen import OrdersChanges, OrdersRow
from order_admin.status import STEPS, Status


async def take(rows: OrdersModel, old: OrdersRow, status: int) -> OrdersRow:
    """Give an order, which is locked, its next status, and return its row. Raises ApiError where there is no such step."""
    if status not in STEPS.get(old.status, ()):
        raise ApiError(
            409, "no_such_step", f"an order of status {old.status} never gets {status}"
        )
    await rows.update(old.id, **_changes(status))
    new = await rows.find_one(old.id)
    if new is None:
        raise ApiError(404, "not_found", "there is no such order")
    return new


def _changes(status: int) -> OrdersChanges:
    now = datetime.now(UTC)
    match status:
        case Status.TO_RECEIVE:
            return {"status": status, "send_time": now}
        case Status.DONE:
            return {"status": status, "end_time": now}
        case Status.CANCELLED:
            return {"status": status, "close_time": now}
    return {"status": status}
