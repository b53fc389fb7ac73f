"""Compare the first and a late page of a generated list on a table of a million rows, on each database.

Rows come in by `insert_many`, ten with each time, so that every page ends within a tie. A page has 20 rows; the late
one is page 10 000. Both are read in turns, and the medians of their times compared; OFFSET is printed beside.
Exits with 1 when a late page costs more than 1.3 times the first one. `--rows` and `--database` make it smaller.
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import servers  # noqa: E402
from tests.sql.made import Models, filled, opened  # noqa: E402

DATABASES = ("sqlite", "mariadb", "postgres")
START = datetime(2026, 1, 1, tzinfo=UTC)
LATE, SIZE, TIE, TURNS, BATCH = 10_000, 20, 10, 200, 2_000
ALLOWED = 1.3


def main() -> int:
    """Measure each database; return 1 when one is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=DATABASES, action="append")
    words = parser.parse_args()
    ratios = []
    for name in words.database or DATABASES:
        with address(name) as url:
            ratios.append(asyncio.run(measured(name, url, words.rows)))
    return int(max(ratios) > ALLOWED)


@contextlib.contextmanager
def address(name: str) -> Iterator[str]:
    """Start a database with the tables of the models, and return its URL."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/lists.db"
    else:
        with servers.mariadb() if name == "mariadb" else servers.postgres() as server:
            yield filled(server)


async def measured(name: str, url: str, rows: int) -> float:
    """Return how much longer the late page takes than the first one."""
    async with opened(url, slow_threshold="0") as on:
        began = time.perf_counter()
        await fill(on, rows)
        filling = time.perf_counter() - began
        page = min(LATE, rows // SIZE - 1)
        number = rows - 1 - page * SIZE
        last = await on.post.find_one_by_slug(f"s{number}")
        behind = (last.created, last.id)
        row = type(last)
        offset = 'SELECT * FROM "post" WHERE "author" = ? ORDER BY "created" DESC, "id" DESC LIMIT 20 OFFSET ?'
        times = await in_turns(
            lambda: on.post.list_by_author_created(1, None, SIZE),
            lambda: on.post.list_by_author_created(1, behind, SIZE),
        )
        (skipped,) = await in_turns(lambda: on.post.fetch(row, offset, 1, page * SIZE), turns=5)
    first, late = times
    print(
        f"{name}: {rows} rows ({rows / filling:.0f} rows/s); page 1 {first * 1e3:.2f} ms, page {page} "
        f"{late * 1e3:.2f} ms: {late / first:.2f} x (at most {ALLOWED}); by OFFSET {skipped * 1e3:.0f} ms",
        flush=True,
    )
    return late / first


async def fill(on: Models, rows: int) -> None:
    """Insert the rows of one author, the newest last."""
    for start in range(0, rows, BATCH):
        numbers = range(start, min(start + BATCH, rows))
        await on.post.insert_many(
            [{"author": 1, "slug": f"s{n}", "created": START + timedelta(seconds=n // TIE)} for n in numbers]
        )


async def in_turns(*reads: Callable[[], Awaitable[Any]], turns: int = TURNS) -> list[float]:
    """Return the median time of each read in seconds."""
    taken: list[list[float]] = [[] for _ in reads]
    for _ in range(turns):
        for read, times in zip(reads, taken, strict=True):
            began = time.perf_counter()
            await read()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in taken]


if __name__ == "__main__":
    sys.exit(main())
