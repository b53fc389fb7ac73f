"""Compare reads of a generated model from its cache with the same reads by redis-py alone, in turns within one run.

`redis-py` gets the bytes of a row by GET, or of a page by ZREVRANGE and MGET, and does nothing with them. The model
makes a typed row of them, checks that it is the one that was asked for, counts it, and lets others wait that ask for
the same. `process` is the cache without Redis, `database` the same model on SQLite without a cache.
Exits with 1 when the model has less than 0.8 times the reads of redis-py.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from redis.asyncio import Redis  # noqa: E402

from mallgen_runtime.cache import Cache, CacheConf, CacheRedisConf  # noqa: E402
from tests import servers  # noqa: E402
from tests.sql.made import Models, models, opened  # noqa: E402

ROWS, PAGE, LEAST = 500, 10, 0.8
Read = Callable[[int], Awaitable[Any]]


def main() -> int:
    """Measure one read at a time and 50 at once; return 1 when the model is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--rounds", type=int, default=9)
    words = parser.parse_args()
    with servers.redis() as server, tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measured(server, f"sqlite:///{folder}/cache.db", words.seconds, words.rounds))
    return int(min(found) < LEAST)


async def measured(server: servers.Redis, url: str, seconds: float, rounds: int) -> list[float]:
    """Return the model's share of redis-py's reads, for each kind of read."""
    redis = Cache([CacheRedisConf(host=server.host)], CacheConf(), "bench")
    local = Cache([], CacheConf(), "bench")
    await local.start()
    found = []
    async with opened(url, redis) as on:
        for number in range(ROWS):
            await on.post.insert(author=number % 5, slug=f"post-{number}", score=number)
        client = Redis(port=server.port)
        alone, process = models(on.db), models(on.db, local)
        row, lists = on.post._reads._row_keys, on.post._reads.lists._lists
        listed = next(iter(lists.values()))
        keys = [row([(number + 1,)])[0] for number in range(ROWS)]

        async def raw_page(number: int) -> Any:
            members: Any = await client.zrevrange(listed.place([number % 5]).key, 0, PAGE)
            return await client.mget([keys[int(member) - 1] for member in members])

        rows: dict[str, Read] = {
            "redis-py": lambda number: client.get(keys[number % ROWS]),
            "model": lambda number: on.post.find_one(number % ROWS + 1),
            "process": lambda number: process.post.find_one(number % ROWS + 1),
            "database": lambda number: alone.post.find_one(number % ROWS + 1),
        }
        pages: dict[str, Read] = {
            "redis-py": raw_page,
            "model": lambda number: page(on, number),
            "process": lambda number: page(process, number),
            "database": lambda number: page(alone, number),
        }
        for what, reads in (("row", rows), (f"page of {PAGE}", pages)):
            found.append(await compared(f"{what}, 1 at once", reads, 1, seconds, rounds))
            found.append(await compared(f"{what}, 50 at once", reads, 50, seconds, rounds))
        await client.aclose()
    await local.close()
    return found


async def page(on: Models, number: int) -> Any:
    """Return the first page of a declared list."""
    return await on.post.list_by_author_score(number % 5, limit=PAGE)


async def compared(what: str, reads: dict[str, Read], at_once: int, seconds: float, rounds: int) -> float:
    """Print the reads per second of each kind, and return the model's share of redis-py's."""
    turns: dict[str, list[float]] = {name: [] for name in reads}
    for read in reads.values():
        for number in range(ROWS):
            await read(number)
    for _ in range(rounds):
        for name, read in reads.items():
            turns[name].append(await turn(read, at_once, seconds))
    ratios = [mine / theirs for mine, theirs in zip(turns["model"], turns["redis-py"], strict=True)]
    share = statistics.median(ratios)
    speeds = "  ".join(f"{name} {statistics.median(found):>7.0f}/s" for name, found in turns.items())
    print(f"{what:<22}{speeds}  model / redis-py {share:.2f}", flush=True)
    return share


async def turn(read: Read, at_once: int, seconds: float) -> float:
    """Return the reads per second of some tasks that read at the same time."""
    began = time.perf_counter()
    end, counts = began + seconds, [0] * at_once

    async def task(place: int) -> None:
        number = place * 7
        while time.perf_counter() < end:
            await read(number)
            number += 1
            counts[place] += 1

    await asyncio.gather(*map(task, range(at_once)))
    return sum(counts) / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
