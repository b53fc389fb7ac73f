"""The gate before a Redis that fails: it opens again whatever happened, and nothing stale is behind it."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import pytest

from mallgen_runtime.cache import gate as gate_module
from mallgen_runtime.cache.gate import GatedStore
from mallgen_runtime.cache.local import LocalStore
from mallgen_runtime.cache.resource import table_of
from mallgen_runtime.cache.store import CacheDown, CacheRefused
from tests.run.discovering import until

TABLE = "cache:shop:goods:"
ROW, OTHER = f"{TABLE}id:{{1}}", f"{TABLE}id:{{2}}"
Fail = Callable[[str], None]


class FailingStore(LocalStore):
    """A store that fails as `fail` does, which gets the names of the methods that are called."""

    def __init__(self) -> None:
        super().__init__(1000, 1 << 20)
        self.fail: Fail = lambda _: None
        self.slow = 0.0
        self.passed = asyncio.Event()
        self.hold: asyncio.Event | None = None

    async def get(self, key: str) -> bytes | None:
        self.fail("get")
        return await super().get(key)

    async def delete(self, keys: Sequence[str]) -> None:
        await asyncio.sleep(0)
        self.fail("delete")
        await super().delete(keys)

    async def drop(self, prefix: str) -> None:
        await asyncio.sleep(self.slow)
        self.fail("drop")
        await LocalStore.delete(self, [key for key in self._entries if key.startswith(prefix)])
        self.passed.set()
        if self.hold is not None:
            await self.hold.wait()

    async def ping(self) -> None:
        await asyncio.sleep(0)
        self.fail("ping")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FailingStore:
    monkeypatch.setattr(gate_module, "PAUSE", 0.01)
    monkeypatch.setattr(gate_module, "LONGEST_PAUSE", 0.02)
    return FailingStore()


def _gate(store: FailingStore, timeout: float = 0.5) -> GatedStore:
    return GatedStore(store, "flaky", timeout, table_of, lambda: None)


def _down(_: str) -> None:
    raise CacheDown("it is down")


def _during(method: str, problem: BaseException, times: int) -> Fail:
    """Return what raises a problem in one method some times, and then no more."""
    left = [times]

    def fail(called: str) -> None:
        if called == method and left[0]:
            left[0] -= 1
            raise problem

    return fail


async def _shut(store: FailingStore, gate: GatedStore) -> None:
    """Keep two rows, let the gate shut, and make them old by a change of one, and one of the whole table."""
    for key in (ROW, OTHER):
        await store.put(key, b"old", 60)
    store.fail = _down
    assert await gate.get(ROW) is None
    assert not gate.is_open
    await gate.delete([ROW])
    await gate.drop(TABLE)


@pytest.mark.parametrize("method", ["ping", "delete", "drop"])
@pytest.mark.parametrize(
    "problem",
    [
        CacheDown("it is down"),
        CacheRefused("MISCONF it cannot save"),
        TimeoutError(),
        ConnectionResetError("reset"),
        UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"),
        KeyError("slot"),
        RuntimeError("the pool is closed"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_the_gate_opens_when_the_store_does_what_it_is_asked_for(
    store: FailingStore, method: str, problem: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        gate = _gate(store)
        await _shut(store, gate)
        store.fail = _during(method, problem, 3)
        await until(lambda: gate.is_open, 10, "the gate opens")
        assert [await gate.get(key) for key in (ROW, OTHER)] == [None, None], "nothing old is left"
        await gate.close()

    with caplog.at_level(logging.INFO):
        asyncio.run(work())
    assert [record.getMessage() for record in caplog.records][-1] == "cache: flaky answers again"


def test_a_table_whose_keys_take_long_to_delete_keeps_no_gate_shut(store: FailingStore) -> None:
    async def work() -> None:
        gate = _gate(store, timeout=0.005)
        await _shut(store, gate)
        store.fail, store.slow = lambda _: None, 0.3  # 60 times its limit of an answer
        await until(lambda: gate.is_open, 10, "the gate opens")
        assert await gate.get(OTHER) is None
        await gate.close()

    asyncio.run(work())


def test_writers_that_never_pause_keep_no_gate_shut(store: FailingStore) -> None:
    async def work() -> None:
        gate, end = _gate(store), asyncio.Event()
        await _shut(store, gate)

        async def write(number: int) -> None:
            while not end.is_set():
                await gate.delete([f"{TABLE}id:{{{number}}}"])
                await gate.drop(f"{TABLE}%own")
                await asyncio.sleep(0)

        writers = [asyncio.create_task(write(number)) for number in range(20)]
        store.fail, store.slow = lambda _: None, 0.002
        await until(lambda: gate.is_open, 10, "the gate opens")
        end.set()
        await asyncio.gather(*writers)
        await gate.close()

    asyncio.run(work())


def test_a_write_that_fails_while_the_gate_opens_is_made_good_too(store: FailingStore) -> None:
    async def work() -> None:
        gate = _gate(store)
        await _shut(store, gate)
        store.fail, store.slow = lambda _: None, 0.2
        await asyncio.sleep(0.1)
        assert not gate.is_open
        await store.put(ROW, b"of another process", 60)
        store.fail = _during("delete", CacheDown("it is down"), 1)
        await gate.delete([ROW])
        assert not gate.is_open
        store.slow = 0.0
        await until(lambda: gate.is_open, 10, "the gate opens")
        assert await gate.get(ROW) is None
        await gate.close()

    asyncio.run(work())


def test_a_second_change_of_a_table_that_is_being_emptied_is_not_lost(store: FailingStore) -> None:
    async def work() -> None:
        gate = _gate(store)
        await _shut(store, gate)
        store.fail, store.hold = lambda _: None, asyncio.Event()
        await store.passed.wait()
        await store.put(OTHER, b"old", 60)  # another process had loaded it before the change
        changing = asyncio.create_task(gate.drop(TABLE))
        await asyncio.sleep(0.01)
        store.hold.set()
        await changing
        await until(lambda: gate.is_open, 10, "the gate opens")
        assert await gate.get(OTHER) is None
        await gate.close()

    asyncio.run(work())


def test_a_table_that_cannot_be_emptied_is_not_read_from_an_open_gate(store: FailingStore) -> None:
    async def work() -> None:
        gate = _gate(store)
        await store.put(ROW, b"old", 60)
        store.fail = _during("drop", CacheRefused("ERR unknown command 'SCAN'"), 3)
        await gate.drop(TABLE)
        assert await gate.get(ROW) is None
        await until(lambda: gate.is_open, 10, "the gate opens")
        assert await gate.get(ROW) is None
        await gate.close()

    asyncio.run(work())


def test_a_first_answer_that_takes_too_long_shuts_the_gate(store: FailingStore) -> None:
    async def work() -> None:
        async def silent() -> None:
            await asyncio.sleep(60)

        gate = _gate(store)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "ping", silent)
            await gate.ping(0.05)
            assert not gate.is_open
        await until(lambda: gate.is_open, 20, "the gate opens")
        await gate.close()

    asyncio.run(work())


def test_while_the_gate_is_shut_nothing_is_claimed_and_nobody_counts(store: FailingStore) -> None:
    async def work() -> None:
        gate = _gate(store)
        assert await gate.claim("a", b"1", 60) is None
        assert (await gate.claim("a", b"2", 60), await gate.count("n", 60)) == (b"1", 1)
        gate._shut(CacheDown("it is down"))
        with pytest.raises(CacheDown):
            await gate.claim("b", b"1", 60)
        await gate.resolve("a", b"1", b"", 60)
        assert (await store.get("a"), gate._noted) == (b"1", set())
        assert await gate.count("n", 60) == 0
        await gate.close()

    asyncio.run(work())


def test_a_number_that_could_not_be_given_to_is_lost(store: FailingStore) -> None:
    async def work() -> None:
        gate = _gate(store)
        await store.put(ROW, b"1", 60)
        assert (await gate.take(ROW), await gate.take(ROW)) == (True, False)
        await _shut(store, gate)
        assert await gate.take(ROW) is None
        await gate.give(ROW)
        store.fail = lambda _: None
        await until(lambda: gate.is_open, 10, "the gate opens")
        assert await gate.take(ROW) is None
        await gate.close()

    asyncio.run(work())
