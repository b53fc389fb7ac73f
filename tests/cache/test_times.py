"""Times of what is kept: results of one's own, the knowledge that there is no row, and second invalidations."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime.cache import Cache, CacheConf
from mallgen_runtime.cache.flights import Flights
from mallgen_runtime.cache.gate import GatedStore
from mallgen_runtime.cache.local import LocalStore
from mallgen_runtime.cache.resource import table_of
from mallgen_runtime.cache.store import CacheDown
from mallgen_runtime.process.origin import NOBODY, Origin, origin
from mallgen_runtime.sql.errors import DatabaseError, PoolTimeout, StatementTimeout
from tests.run.discovering import until
from tests.sql.made import Models, opened


class Clock:
    """The time of a store."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class FlakyStore(LocalStore):
    """A store of a process that can be made to fail as a Redis does."""

    is_down = False

    async def get(self, key: str) -> bytes | None:
        self._check()
        return await super().get(key)

    async def put(self, key: str, value: bytes, expiry: float) -> None:
        self._check()
        await super().put(key, value, expiry)

    async def delete(self, keys: Any) -> None:
        self._check()
        await super().delete(keys)

    async def ping(self) -> None:
        self._check()

    def _check(self) -> None:
        if self.is_down:
            raise CacheDown("it is down")


@asynccontextmanager
async def kept(path: Path, store: Any, **options: Any) -> AsyncIterator[Models]:
    """Open models whose cache is a given store."""
    cache = Cache([], CacheConf(local_expiry="2h", **options), path.name)
    async with opened(f"sqlite:///{path / 'a.db'}", cache) as on:
        cache._store = store
        yield on


def test_each_result_of_ones_own_has_the_expiry_that_it_was_given(tmp_path: Path) -> None:
    async def work() -> None:
        clock = Clock()
        async with kept(tmp_path, LocalStore(1000, 1 << 20, clock)) as on:
            loads: list[int] = []

            async def load() -> int:
                loads.append(len(loads))
                return loads[-1]

            for expiry in (3600.0, 2.0):
                await on.post.cached(("kept", int(expiry)), load, int, expiry=expiry)
            clock.now = 100
            assert await on.post.cached(("kept", 3600), load, int, expiry=3600) == 0
            assert await on.post.cached(("kept", 2), load, int, expiry=2) == 2, "it was kept for 2 s"
            for expiry in range(1, 200):
                await on.post.cached(("other", expiry), load, int, expiry=expiry)
            assert len(on.post._reads._kinds) == 1, "it is bounded by the types"

    asyncio.run(work())


def test_results_of_ones_own_under_words_of_other_types_are_apart(tmp_path: Path) -> None:
    async def work() -> None:
        async with kept(tmp_path, LocalStore(1000, 1 << 20)) as on:
            words = (1, "1", True, 1.0)

            async def cached(word: Any) -> str:
                async def load() -> str:
                    return repr(word)

                found: str = await on.post.cached(("kept", word), load, str)
                return found

            for _ in range(2):
                assert [await cached(word) for word in words] == [repr(word) for word in words]

    asyncio.run(work())


def test_a_row_is_not_absent_because_the_mark_of_new_rows_has_expired(tmp_path: Path) -> None:
    async def work() -> None:
        clock = Clock()
        async with kept(tmp_path, LocalStore(1000, 1 << 20, clock), absent_expiry="1h") as on:
            assert await on.post.find_one(1) is None
            await on.post.insert_many([{"author": 1, "slug": "a"}])
            clock.now = 601
            assert (await on.post.find_one(1)).slug == "a"

    asyncio.run(work())


def test_a_row_is_not_absent_because_its_insert_met_an_outage(tmp_path: Path) -> None:
    async def work() -> None:
        store = FlakyStore(1000, 1 << 20)
        gate = GatedStore(store, "flaky", 0.5, table_of, lambda: None)
        async with kept(tmp_path, gate) as on:
            assert await on.post.find_one(1) is None
            store.is_down = True
            await on.post.insert_many([{"author": 1, "slug": "a"}])
            assert not gate.is_open
            store.is_down = False
            await until(lambda: gate.is_open, 10, "the gate opens")
            assert (await on.post.find_one(1)).slug == "a"
            assert [row.slug for row in await on.post.find_many([1])] == ["a"]

    asyncio.run(work())


def test_that_there_is_no_row_is_kept_before_any_row_is_inserted(tmp_path: Path) -> None:
    async def work() -> None:
        store = LocalStore(1000, 1 << 20)
        async with kept(tmp_path, store) as on:
            asked: list[Any] = []
            find, find_each = on.post._reads._direct._find, on.post._reads._direct._find_each

            def counted(read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
                async def counting(*values: Any) -> Any:
                    asked.append(values)
                    return await read(*values)

                return counting

            on.post._reads._direct._find, on.post._reads._direct._find_each = counted(find), counted(find_each)
            for _ in range(3):
                assert await on.post.find_one(7) is None
                assert await on.post.find_many([8, 9]) == []
            assert len(asked) == 2

    asyncio.run(work())


@pytest.mark.parametrize(
    ("left", "problem"),
    [
        (0.0105, PoolTimeout("no connection was free within 0.1 s")),  # an alarm may come a millisecond early
        (5.0, StatementTimeout("the request's deadline came while a statement ran")),
    ],
)
def test_the_time_of_the_one_that_works_is_not_the_time_of_those_that_wait(left: float, problem: DatabaseError) -> None:
    async def work() -> None:
        flights, going = Flights(), asyncio.Event()

        async def late() -> str:
            going.set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            clock = asyncio.get_running_loop().time()
            origin.set(Origin("", "", clock + left))
            raise problem

        async def lead() -> None:
            origin.set(Origin("", "", asyncio.get_running_loop().time() + left + 1))
            with pytest.raises(type(problem)):
                await flights.run("key", 1, late)

        async def found() -> str:
            return "found"

        leader = asyncio.create_task(lead())
        await going.wait()
        assert origin.get() == NOBODY
        assert await flights.run("key", 1, found) == "found"
        await leader

    asyncio.run(work())


def test_an_error_of_one_that_works_without_a_deadline_goes_to_all() -> None:
    async def work() -> None:
        flights = Flights()

        async def late() -> str:
            await asyncio.sleep(0)
            raise PoolTimeout("no connection was free within 2 s")

        found = await asyncio.gather(*(flights.run("key", 1, late) for _ in range(3)), return_exceptions=True)
        assert found[0] is found[1] is found[2]

    asyncio.run(work())


def test_second_invalidations_cost_as_much_however_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def whole() -> None:
        loop, timers = asyncio.get_running_loop(), [0]
        deleted: Counter[str] = Counter()

        class CountingStore(LocalStore):
            async def delete(self, keys: Sequence[str]) -> None:
                deleted.update(keys)

        def counted(make: Callable[..., asyncio.TimerHandle]) -> Callable[..., asyncio.TimerHandle]:
            def made(*arguments: Any, **more: Any) -> asyncio.TimerHandle:
                timers[0] += 1
                return make(*arguments, **more)

            return made

        cache = Cache([], CacheConf(again_after="150ms"), "again")
        await cache.start()
        cache._store = CountingStore(10, 1 << 20)
        monkeypatch.setattr(loop, "call_later", counted(loop.call_later))
        monkeypatch.setattr(loop, "call_at", counted(loop.call_at))
        for number in range(5000):
            await cache.invalidate([f"key{number}"])
        assert timers[0] <= 20, "one timer is for all"
        await until(lambda: sum(deleted.values()) == 10_000, 10, "all are invalidated again")
        assert set(deleted.values()) == {2}
        await cache.invalidate(["last"])
        await cache.close()
        assert deleted["last"] == 2, "at once when the service ends"

    asyncio.run(whole())
