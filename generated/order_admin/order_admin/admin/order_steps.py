"""The steps of an order by hand."""

from datetime import UTC, datetime

from mallgen_runtime import ApiError

from order_admin.model.orders_model import OrdersModel
from order_admin.model.orders_model_gen import OrdersChanges, OrdersRow
from order_admin.status import STEPS, Status


async def take(rows: OrdersModel, old: OrdersRow, status: int) -> OrdersRow:
    """Give an order its next status, and return its row. Raises ApiError where there is no such step, or no longer."""
    if status not in STEPS.get(old.status, ()):
        raise ApiError(
            409, "no_such_step", f"an order of status {old.status} never gets {status}"
        )
    is_done = await rows.move(old.id, old.status, status)
    if is_done and (times := _times(status)):
        await rows.update(old.id, **times)
    new = await rows.find_one(old.id)
    if new is None or not is_done:
        raise ApiError(409, "changed", "somebody else has changed it: read it again")
    return new


def _times(status: int) -> OrdersChanges:
    now = datetime.now(UTC)
    match status:
        case Status.TO_RECEIVE:
            return {"send_time": now}
        case Status.DONE:
            return {"end_time": now}
        case Status.CANCELLED:
            return {"close_time": now}
    return {}
