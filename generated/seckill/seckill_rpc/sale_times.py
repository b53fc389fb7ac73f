"""When a product can be bought: from the start of its sale on, until the end; without them, always."""

from datetime import datetime

from seckill_rpc.model.stock_model_gen import StockRow


def is_early(stock: StockRow, now: datetime) -> bool:
    """Return whether the sale has not begun."""
    return stock.start_time is not None and now < stock.start_time


def is_over(stock: StockRow, now: datetime) -> bool:
    """Return whether the sale has ended, which it has at the very second of its end."""
    return stock.end_time is not None and now >= stock.end_time


def unix(time: datetime | None) -> int:
    """Return a time as the contract has it."""
    return 0 if time is None else int(time.timestamp())
