"""Cursors of lists by time, in the words of the contract: Unix seconds, and the id of the last row."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from mallgen_runtime.rpc import Code, RpcError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LastId = TypeVar("LastId")


def page_size(asked: int) -> int:
    """Return the rows of a page: 20 unless the caller asks for other, and at most 50."""
    return min(asked, 50) if asked > 0 else 20


def time_cursor(seconds: int, last_id: LastId) -> tuple[datetime, LastId] | None:
    """Return the cursor behind a row, None for the first page. Raises RpcError for a time that no row has."""
    if seconds <= 0:
        return None
    try:
        return EPOCH + timedelta(seconds=seconds), last_id
    except OverflowError:
        raise RpcError(
            Code.INVALID_ARGUMENT, f"no time has the cursor {seconds}"
        ) from None


def unix(time: datetime) -> int:
    """Return a time as the contract has it."""
    return int(time.timestamp())
