"""Leases and lists of every store, in the process and in Redis."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from mallgen_runtime.cache.local import LocalStore
from mallgen_runtime.cache.store import ABSENT, BEYOND, LEASE, Entry, Filling, ListOrder, Store, list_keys
from tests.cache import stores

HEAD = b"head"
UP, DOWN = ListOrder(False, 6), ListOrder(True, 6)


def _members(entries: Sequence[Entry] | None) -> list[tuple[float, str]]:
    assert entries is not None
    return [(one.score, one.member) for one in entries]


async def _built(store: Store, key: str, order: ListOrder, entries: list[Entry], is_whole: bool = True) -> None:
    token = await store.begin(key, order)
    assert token
    assert await store.finish(key, token, order, entries, is_whole, 60)


def test_one_of_many_claims_a_key_and_all_count(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key, counter = stores.fresh("once"), stores.fresh("count")
        found = await asyncio.gather(*(store.claim(key, b"%d" % n, 60) for n in range(10)))
        (mine,) = [n for n, value in enumerate(found) if value is None]
        assert {value for value in found if value is not None} == {b"%d" % mine}
        await store.delete([key])
        assert await store.claim(key, b"new", 0.05) is None
        assert sorted(await asyncio.gather(*(store.count(counter, 60) for _ in range(10)))) == list(range(1, 11))
        await asyncio.sleep(0.1)
        assert await store.claim(key, b"newer", 60) is None
        assert await store.count(counter, 60) == 11
        brief = stores.fresh("count")
        assert [await store.count(brief, 0.5), await store.count(brief, 60)] == [1, 2]
        await asyncio.sleep(0.6)
        assert await store.count(brief, 60) == 1, "it goes when its first count is old enough"

    stores.run(make, work)


def test_many_take_from_a_number_at_most_as_often_as_it_says(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("number")
        await store.give(key)
        assert await store.take(key) is None, "there is none, and giving has made none"
        await store.put(key, b"7", 60)
        found = await asyncio.gather(*(store.take(key) for _ in range(20)))
        assert (found.count(True), found.count(False)) == (7, 13)
        await store.give(key)
        assert [await store.take(key), await store.take(key)] == [True, False]
        await store.put(key, b"7", 0.3)
        await store.take(key)
        await store.give(key)
        await asyncio.sleep(0.4)
        assert await store.take(key) is None, "taking and giving have not made it last longer"

    stores.run(make, work)


def test_a_claim_is_ended_only_by_who_has_made_it(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("once")
        assert await store.claim(key, b"mine", 60) is None
        for value in (b"", b"answer"):
            await store.resolve(key, b"another", value, 60)
            assert await store.get(key) == b"mine"
        await store.resolve(key, b"mine", b"", 60)
        assert await store.claim(key, b"again", 60) is None
        await store.resolve(key, b"again", b"answer", 0.5)
        assert await store.claim(key, b"more", 60) == b"answer"
        await asyncio.sleep(0.6)
        assert await store.get(key) is None
        await store.resolve(key, b"again", b"late", 60)
        assert await store.get(key) == b"late", "nobody has claimed it since"

    stores.run(make, work)


def test_what_was_loaded_before_a_write_is_not_kept(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("row")
        (lease,) = await store.lease([key], HEAD)
        assert lease.startswith(LEASE)
        assert await store.get(key) == lease, "others that load it share the lease"
        await store.delete([key])
        await store.fill([Filling(key, lease, HEAD + b"old", 60)])
        assert await store.get(key) is None
        (newer,) = await store.lease([key], HEAD)
        await store.fill([Filling(key, lease, HEAD + b"old", 60)])
        assert await store.get(key) == newer != lease
        await store.fill([Filling(key, newer, HEAD + b"new", 60)])
        await store.fill([Filling(key, newer, HEAD + b"again", 60)])
        assert await store.get(key) == HEAD + b"new"
        assert await store.lease([key], HEAD) == [HEAD + b"new"]

    stores.run(make, work)


def test_an_entry_of_another_maker_is_replaced(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("row")
        await store.put(key, b'{"id": 1}', 60)
        (lease,) = await store.lease([key], HEAD)
        await store.fill([Filling(key, lease, HEAD + b"ours", 60)])
        assert await store.get_many([key, stores.fresh("none")]) == [HEAD + b"ours", None]

    stores.run(make, work)


def test_a_whole_list_answers_to_its_end_and_a_beginning_only_to_there(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("list")
        assert await store.page(key, DOWN, None, 2) == ABSENT
        await _built(store, key, DOWN, [Entry(5, "c"), Entry(5, "b"), Entry(1, "a")])
        page = await store.page(key, DOWN, None, 2)
        assert _members(page.entries) == [(5, "c"), (5, "b")]
        page = await store.page(key, DOWN, Entry(5, "b"), 2)
        assert _members(page.entries) == [(1, "a")]
        page = await store.page(key, DOWN, Entry(5, "bb"), 9)
        assert _members(page.entries) == [(5, "b"), (1, "a")], "a cursor whose member is gone"

    stores.run(make, work)


def test_an_empty_list_is_a_list(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("list")
        await _built(store, key, UP, [])
        page = await store.page(key, UP, None, 2)
        assert page.entries == []
        (token,) = await store.touch([key], "a")
        await store.settle(key, UP, "a", token, -3.5)
        assert _members((await store.page(key, UP, None, 2)).entries) == [(-3.5, "a")]

    stores.run(make, work)


def test_a_change_goes_only_into_a_list_that_is_there(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("list")
        assert await store.touch([key], "a") == [b""]
        await store.settle(key, UP, "a", b"token", 1)
        assert await store.page(key, UP, None, 2) == ABSENT
        await _built(store, key, UP, [Entry(1, "b"), Entry(2, "c")])
        (token,) = await store.touch([key], "a")
        await store.delete(list_keys(key))  # it expires between the announcement and the change
        await store.settle(key, UP, "a", token, 1)
        assert await store.page(key, UP, None, 2) == ABSENT, "no list of one element"

    stores.run(make, work)


def test_changes_while_a_list_is_built_are_kept(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("list")
        token = await store.begin(key, UP)
        assert token
        assert not await store.begin(key, UP), "one builds at a time"
        (added,), (removed,), (late,) = [await store.touch([key], member) for member in "abz"]
        await store.settle(key, UP, "a", added, 7)
        await store.settle(key, UP, "b", removed, None)
        assert await store.finish(key, token, UP, [Entry(2, "b"), Entry(3, "c")], True, 60)
        assert _members((await store.page(key, UP, None, 9)).entries) == [(3, "c"), (7, "a")]
        await store.settle(key, UP, "z", late, 9)
        assert _members((await store.page(key, UP, None, 9)).entries) == [(3, "c"), (7, "a"), (9, "z")]

    stores.run(make, work)


def test_a_builder_that_lost_its_lock_changes_nothing(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("list")
        old = await store.begin(key, UP)
        await store.delete(list_keys(key))
        new = await store.begin(key, UP)
        assert not await store.finish(key, old, UP, [Entry(1, "old")], True, 60)
        assert await store.page(key, UP, None, 9) == ABSENT
        assert await store.finish(key, new, UP, [Entry(1, "new")], True, 60)
        assert not await store.finish(key, new, UP, [Entry(1, "twice")], True, 60)
        assert _members((await store.page(key, UP, None, 9)).entries) == [(1, "new")]

    stores.run(make, work)


def test_an_older_change_does_not_replace_a_newer_one(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("list")
        await _built(store, key, UP, [])
        (first,) = await store.touch([key], "a")
        (second,) = await store.touch([key], "a")
        await store.settle(key, UP, "a", first, 1)
        assert _members((await store.page(key, UP, None, 9)).entries) == [(1, "a")], "the newer one may not come"
        await store.settle(key, UP, "a", second, 2)
        await store.settle(key, UP, "a", first, 1)
        assert _members((await store.page(key, UP, None, 9)).entries) == [(2, "a")]

    stores.run(make, work)


@pytest.mark.parametrize("descending", [False, True])
def test_random_changes_never_make_a_list_answer_wrongly(make: stores.Make, descending: bool) -> None:
    """Whatever a list answers is what a sorted list of all rows says; what it does not know, it does not answer."""
    chance = random.Random(3)

    async def work(store: Store) -> None:
        answered = 0
        for _ in range(20):
            rows = {f"{number:02}": float(chance.randrange(8)) for number in range(chance.randrange(12))}
            order = ListOrder(descending, chance.randrange(1, 9))
            key = stores.fresh("list")
            for _ in range(60):
                answered += await _step(store, key, order, rows, chance)
        assert answered > 200

    stores.run(make, work)


async def _step(store: Store, key: str, order: ListOrder, rows: dict[str, float], chance: random.Random) -> bool:
    if chance.random() < 0.5:
        member = f"{chance.randrange(14):02}"
        score = None if chance.random() < 0.3 else float(chance.randrange(8))
        if score is None:
            rows.pop(member, None)
        else:
            rows[member] = score
        (token,) = await store.touch([key], member)
        if token:
            await store.settle(key, order, member, token, score)
        return False
    everything = sorted((Entry(score, member) for member, score in rows.items()), reverse=order.descending)
    after = chance.choice([None, Entry(float(chance.randrange(8)), f"{chance.randrange(14):02}")])
    limit = chance.randrange(1, 6)
    page = await store.page(key, order, after, limit)
    if page is ABSENT:
        token = await store.begin(key, order)
        known = everything[: order.limit]
        await store.finish(key, token, order, known, len(known) == len(everything), 60)
    if page.entries is None:
        return False
    left = [one for one in everything if after is None or (one < after if order.descending else one > after)]
    assert page.entries == left[:limit]
    return True


def test_beyond_the_bound_the_list_does_not_answer(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        key = stores.fresh("list")
        await _built(store, key, UP, [Entry(number, f"{number}") for number in range(6)], is_whole=False)
        page = await store.page(key, UP, None, 6)
        assert _members(page.entries) == [(number, f"{number}") for number in range(6)]
        assert await store.page(key, UP, None, 7) == BEYOND
        assert await store.page(key, UP, Entry(5, "5"), 1) == BEYOND

    stores.run(make, work)


def test_the_memory_of_a_process_is_bounded() -> None:
    async def work(store: Store) -> None:
        assert isinstance(store, LocalStore)
        for number in range(10_000):
            await store.put(f"key{number}", b"x" * 100, 60)
            if not number % 7:
                await _built(store, f"list{number}", UP, [Entry(1, "a"), Entry(2, "b")])
        assert len(store) <= 100
        assert store.size <= 20_000
        assert await store.get("key9999") == b"x" * 100
        assert await store.get("key0") is None
        await store.delete([f"key{number}" for number in range(10_000)])
        await store.delete([f"list{number}" for number in range(10_000)])
        assert (len(store), store.size) == (0, 0)

    stores.run(lambda: LocalStore(100, 20_000), work)


@pytest.mark.parametrize(("most_entries", "most_bytes"), [(100, 1 << 20), (10_000, 20_000)])
def test_what_is_being_built_in_a_process_is_bounded(most_entries: int, most_bytes: int) -> None:
    """Lists whose builders never finish, and one with more and more changes."""
    now = [0.0]

    async def work(store: Store) -> None:
        assert isinstance(store, LocalStore)
        await store.put("row", b"x", 1000)
        for number in range(10_000):
            assert await store.begin(f"list{number}", UP)
            assert len(store) <= most_entries
            assert store.size <= most_bytes
            assert await store.get("row") == b"x", "rows that are used stay"
        now[0] = 31.0
        token = await store.begin("changed", UP)
        for number in range(10_000):
            (announced,) = await store.touch(["changed"], f"{number}")
            await store.settle("changed", UP, f"{number}", announced, number)
            assert store.size <= most_bytes
        await store.finish("changed", token, UP, [], True, 60)
        await store.drop("")
        assert (len(store), store.size) == (0, 0)

    stores.run(lambda: LocalStore(most_entries, most_bytes, lambda: now[0]), work)


def test_a_list_that_is_no_more_being_built_is_not_kept() -> None:
    async def work(store: Store) -> None:
        first = await store.begin("first", UP)
        for number in range(30):
            last = await store.begin(f"list{number}", UP)
        assert not await store.finish("first", first, UP, [Entry(1, "a")], True, 60), "its changes are not known"
        assert await store.finish("list29", last, UP, [Entry(1, "a")], True, 60)

    stores.run(lambda: LocalStore(100, 1 << 20), work)


def test_many_entries_are_asked_for_in_parts(make: stores.Make) -> None:
    """A cluster has more of them than connections."""

    async def work(store: Store) -> None:
        keys = [stores.fresh(f"many{number}") for number in range(1500)]
        leases = await store.lease(keys, HEAD)
        await store.fill([Filling(key, lease, HEAD, 60) for key, lease in zip(keys, leases, strict=True)])
        assert await store.get_many(keys) == [HEAD] * 1500
        assert await asyncio.gather(*map(store.get, keys)) == [HEAD] * 1500
        pages = await asyncio.gather(*(store.get_many(keys[place::300]) for place in range(300)))
        assert pages == [[HEAD] * 5] * 300
        await store.delete(keys)
        assert await store.get_many(keys) == [None] * 1500
        assert await store.get_many([]) == []

    stores.run(make, work)


def test_all_keys_with_a_prefix_are_dropped_and_no_others(make: stores.Make) -> None:
    async def work(store: Store) -> None:
        name = stores.fresh("x").partition("{")[0]
        keys = [f"{name}a:{{{number}}}" for number in range(3000)]
        for start in range(0, 3000, 100):
            await asyncio.gather(*(store.put(key, b"x", 60) for key in keys[start : start + 100]))
        await store.put(f"{name}b:{{1}}", b"x", 60)
        await asyncio.gather(*(store.drop(f"{name}a:") for _ in range(100)))
        assert await store.get_many(keys) == [None] * 3000
        assert await store.get(f"{name}b:{{1}}") == b"x"

    stores.run(make, work)


def test_entries_of_a_process_expire() -> None:
    now = [0.0]

    async def work(store: Store) -> None:
        await store.put("a", b"x", 10)
        await _built(store, "list", UP, [Entry(1, "a")])
        now[0] = 9.9
        assert await store.get("a") == b"x"
        now[0] = 60.0
        assert await store.get("a") is None
        assert await store.page("list", UP, None, 1) == ABSENT
        token = await store.begin("list", UP)
        now[0] = 91.0
        assert not await store.finish("list", token, UP, [], True, 60)

    stores.run(lambda: LocalStore(100, 20_000, lambda: now[0]), work)
