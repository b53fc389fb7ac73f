"""The figures of a pool as Prometheus reads them, under go-zero's names."""

from collections.abc import Iterator
from zlib import crc32

from mallgen_runtime.process.metrics import Reading
from mallgen_runtime.sql.pool import Pool


def readings(pool: Pool, database: str) -> Iterator[Reading]:
    """Yield the figures of a pool; `hash` tells the addresses of one database apart."""
    labels = (("db_name", database), ("hash", f"{crc32(pool.label.encode()):08x}"))
    used, idle = pool.counts
    totals = pool.figures
    for name, text, value in (
        ("max_open_connections", "Maximum number of open connections to the database.", pool.most),
        ("open_connections", "The number of established connections both in use and idle.", used + idle),
        ("in_use_connections", "The number of connections currently in use.", used),
        ("idle_connections", "The number of idle connections.", idle),
        ("wait_count_total", "The total number of connections waited for.", totals.waits),
        ("wait_duration_seconds_total", "The total time blocked waiting for a new connection.", totals.waited),
        ("max_idle_closed_total", "The total number of connections closed as surplus.", totals.surplus),
        ("max_lifetime_closed_total", "The total number of connections closed due to their age.", totals.worn),
    ):
        yield Reading(f"sql_client_{name}", text, labels, value)
