"""Generated models on SQLite, MariaDB and PostgreSQL: one suite, the same answers."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime.cache import Cache, CacheConf, CacheRedisConf
from mallgen_runtime.sql import DatabaseError, Dialect, DuplicateKey, ValueRefused
from mallgen_runtime.sql.table import plan_of
from tests.sql.made import Models, filled, opened

Work = Callable[[Models], Awaitable[None]]
Run = Callable[[Work], None]
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(
    params=["sqlite", "mariadb", "postgres", "sqlite local", "sqlite redis", "mariadb redis", "postgres local"]
)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Return a function that runs a coroutine with the models of an empty database, also behind a cache."""
    database, _, cached = request.param.partition(" ")
    if database == "sqlite":
        url = f"sqlite:///{tmp_path / 'models.db'}"
    else:
        url = filled(request.getfixturevalue(f"{database}_server"))
    redis = [CacheRedisConf(host=request.getfixturevalue("redis_server").host)] if cached == "redis" else []
    name = f"{tmp_path.name} {database}"

    def runs(work: Work) -> None:
        async def whole() -> None:
            async with opened(url, Cache(redis, CacheConf(), name) if cached else None) as models:
                await work(models)

        asyncio.run(whole())

    return runs


def everything(**values: Any) -> dict[str, Any]:
    """Return values for all columns that need one."""
    return {
        "flag": True,
        "tiny": -128,
        "small": 65535,
        "whole": -(2**31),
        "big": 2**63 - 1,
        "ratio": 0.1 + 0.2,
        "money": Decimal("-9999999999999.99"),
        "word": "引号' \" ` \\ % ? \n😀",
        "moment": NOON.replace(microsecond=123456),
        "second": NOON,
        **values,
    }


FULL = {
    "short_ratio": 1.1,
    "story": "x" * 60_000,
    "raw": b"\x00\xff\x80'",
    "day": date(1000, 1, 1),
    "instant": datetime(2037, 1, 2, 3, 4, 5, tzinfo=UTC),
    "clock": timedelta(hours=-838, minutes=-59, seconds=-59),
    "data": {"a": [1, None, "文"], "b": 1.5},
    "size": "L",
    "tags": frozenset({"a", "c"}),
    "bits": 0b1010_0101,
    "vintage": 1999,
    "class_": "other",
}


def test_what_is_written_is_read_back(run: Run) -> None:
    async def work(on: Models) -> None:
        values = everything(**FULL)
        row = await on.everything.find_one(await on.everything.insert(**values))
        assert {name: getattr(row, name) for name in values} == values
        least = await on.everything.find_one(await on.everything.insert(**everything()))
        assert [getattr(least, name) for name in ("story", "raw", "day", "instant", "data", "tags")] == [None] * 6
        assert (least.size, least.class_) == ("M", "%s ?")

    run(work)


def test_an_instant_is_the_same_in_every_zone(run: Run) -> None:
    async def work(on: Models) -> None:
        shanghai = NOON.astimezone(timezone(timedelta(hours=8)))
        key = await on.everything.insert(**everything(moment=shanghai, second=shanghai, instant=shanghai))
        row = await on.everything.find_one(key)
        assert row.moment == row.second == row.instant == NOON
        assert row.moment.utcoffset() is not None

    run(work)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("tiny", 128),
        ("small", -1),
        ("whole", 2**31),
        ("whole", True),
        ("whole", "1"),
        ("big", -1),
        ("money", Decimal("1.001")),
        ("money", Decimal(10**13)),
        ("money", 1.5),
        ("ratio", float("nan")),
        ("word", "x" * 21),
        ("word", "a\0b"),
        ("word", "\ud800"),
        ("word", None),
        ("raw", b"x" * 17),
        ("moment", NOON.replace(tzinfo=None)),
        ("day", NOON),
        ("clock", time(1)),
        ("size", "XL"),
        ("tags", {"d"}),
        ("bits", 256),
        ("vintage", 1900),
        ("data", {"a": object()}),
    ],
)
def test_a_value_that_a_column_cannot_keep_is_refused_and_nothing_is_written(
    run: Run, column: str, value: object
) -> None:
    async def work(on: Models) -> None:
        with pytest.raises(ValueRefused, match=f"^{column}: "):
            await on.everything.insert(**everything(**{column: value}))
        assert (await on.everything.list_by_id()).rows == []

    run(work)


def test_rows_are_found_by_keys_in_the_asked_order(run: Run) -> None:
    async def work(on: Models) -> None:
        keys = [await on.post.insert(author=1, slug=f"s{n}") for n in range(5)]
        asked = [keys[3], 999_999, keys[0], keys[3], keys[4]]
        assert [row.id for row in await on.post.find_many(asked)] == [keys[3], keys[0], keys[3], keys[4]]
        assert await on.post.find_many([]) == []
        assert await on.post.find_one(999_999) is None
        assert (await on.post.find_one_by_slug("s2")).id == keys[2]
        assert await on.post.find_one_by_slug("none' OR '1'='1") is None
        many = [await on.post.insert(author=2, slug=f"m{n}") for n in range(20)] * 60
        assert [row.id for row in await on.post.find_many(many)] == many

    run(work)


def test_composite_keys(run: Run) -> None:
    async def work(on: Models) -> None:
        assert await on.membership.insert(team="a", member=1) == ("a", 1)
        await on.membership.insert_many([{"team": "a", "member": n, "role": "owner"} for n in (2, 3)])
        assert [row.member for row in await on.membership.find_many([("a", 3), ("b", 3), ("a", 1)])] == [3, 1]
        assert await on.membership.update("a", 1, role="owner")
        assert (await on.membership.find_one("a", 1)).role == "owner"
        assert await on.membership.delete("a", 2)
        page = await on.membership.list_by_team_member("a")
        assert [row.member for row in page.rows] == [1, 3]

    run(work)


def test_rows_of_keys_in_other_spellings_are_those_that_are_found_one_by_one(run: Run) -> None:
    async def work(on: Models) -> None:
        for team, member in [("a", 1), ("B", 1), ("ä", 2)]:
            await on.membership.insert(team=team, member=member)
        keys = [("A", 1), ("a", 1), ("a ", 1), ("b", 1), ("c", 1), ("A", 2), ("ä", 2), ("Ä", 2), ("A", 1)]
        for _ in range(2):
            one_by_one = [await on.membership.find_one(*key) for key in keys]
            assert await on.membership.find_many(keys) == [row for row in one_by_one if row is not None]

    run(work)


def test_many_rows_are_one_statement_and_must_give_the_same_columns(run: Run) -> None:
    async def work(on: Models) -> None:
        assert await on.post.insert_many([]) == 0
        assert await on.post.insert_many([{"author": 1, "slug": f"s{n}"} for n in range(1200)]) == 1200
        assert len((await on.post.list_by_author_created(1, limit=10_000)).rows) == 1200
        with pytest.raises(ValueError, match="row 1 differs in score"):
            await on.post.insert_many([{"author": 1, "slug": "x"}, {"author": 1, "slug": "y", "score": 1}])
        with pytest.raises(DuplicateKey):
            await on.post.insert_many([{"author": 1, "slug": "new"}, {"author": 1, "slug": "s0"}])
        assert await on.post.find_one_by_slug("new") is None
        late = [{"author": 1, "slug": f"late{n}"} for n in range(1200)]
        with pytest.raises(DuplicateKey):
            await on.post.insert_many([*late, {"author": 1, "slug": "s0"}])
        with pytest.raises(ValueRefused):
            await on.post.insert_many([*late, {"author": 1, "slug": "x" * 51}])
        assert await on.post.count_by_author_created(1) == 1200, "all rows or none"
        async with on.db.transaction() as tx:
            with pytest.raises(DuplicateKey):
                await on.post.within(tx).insert_many([*late, {"author": 1, "slug": "s0"}])
            await on.post.within(tx).insert(author=1, slug="after")
        assert await on.post.count_by_author_created(1) == 1201

    run(work)


def test_many_rows_go_to_the_primary_together_or_not_at_all(run: Run) -> None:
    async def work(on: Models) -> None:
        posts = on.post.within(on.db.primary)
        rows = [{"author": 1, "slug": f"s{n}"} for n in range(1200)]
        with pytest.raises(DuplicateKey):
            await posts.insert_many([*rows, rows[0]])
        assert await posts.count_by_author_created(1) == 0
        assert await posts.insert_many(rows) == await posts.count_by_author_created(1) == 1200

    run(work)


def test_a_change_says_whether_the_row_was_there(run: Run) -> None:
    async def work(on: Models) -> None:
        key = await on.post.insert(author=1, slug="a", score=1, updated=NOON)
        assert await on.post.update(key, score=1)
        row = await on.post.find_one(key)
        assert (row.score, row.slug) == (1, "a")
        assert row.updated > NOON
        assert not await on.post.update(key + 1, score=2)
        with pytest.raises(ValueError, match="give at least one column"):
            await on.post.update(key)
        with pytest.raises(TypeError, match="nothing is no column"):
            await on.post.update(key, nothing=1)
        assert await on.post.delete(key)
        assert not await on.post.delete(key)

    run(work)


@pytest.mark.parametrize("descending", [True, False])
def test_pages_lose_and_repeat_nothing_under_ties(run: Run, descending: bool) -> None:
    async def work(on: Models) -> None:
        chance = random.Random(7)
        rows = [
            {"author": chance.randrange(2), "slug": f"s{n}", "created": NOON + timedelta(seconds=chance.randrange(9))}
            for n in range(100)
        ]
        await on.post.insert_many(rows)
        for size in (1, 3, 7, 50, 100):
            seen, cursor, is_end = [], None, False
            while not is_end:
                page = await on.post.list_by_author_created(1, cursor, size, descending=descending)
                assert len(page.rows) == size or page.is_end
                seen += [(row.created, row.id) for row in page.rows]
                cursor, is_end = page.cursor, page.is_end
                late = NOON + timedelta(days=1 if descending else -1)  # a new row in front moves no page
                await on.post.insert(author=1, slug=f"late{size}-{len(seen)}", created=late)
                await on.post.execute('DELETE FROM "post" WHERE "created" = ?', late)
            assert seen == sorted(seen, reverse=descending)
            assert len(set(seen)) == len(seen) == await on.post.count_by_author_created(1)

    run(work)


def test_a_list_goes_on_without_its_index(run: Run) -> None:
    async def work(on: Models) -> None:
        await on.draft.insert_many([{"title": "t", "changed": NOON} for _ in range(5)])
        name = {Dialect.MYSQL: "`ix_title` ON `draft`"}.get(on.db.dialect, '"draft_ix_title"')
        await on.db.execute(f"DROP INDEX {name}")
        assert len((await on.draft.list_by_title("t")).rows) == 5
        assert len((await on.draft.list_by_title("t", limit=2)).rows) == 2
        plan = plan_of(on.draft.table, on.db.dialect)
        assert plan.missing == ({"ix_title"} if on.db.dialect is Dialect.MYSQL else set())
        plan.missing.clear()
        plan.page.cache_clear()

    run(work)


def test_limits_of_a_page(run: Run) -> None:
    async def work(on: Models) -> None:
        for limit in (0, -1, 10_001):
            with pytest.raises(ValueError, match="limit must be from 1 to 10000"):
                await on.post.list_by_id(limit=limit)
        page = await on.post.list_by_id()
        assert (page.rows, page.is_end, page.cursor) == ([], True, None)

    run(work)


def test_queries_of_ones_own(run: Run) -> None:
    async def work(on: Models) -> None:
        keys = [await on.post.insert(author=n % 2, slug=f"s{n}?", created=NOON) for n in range(4)]
        row = type(await on.post.find_one(keys[0]))
        query = """SELECT * FROM "post" WHERE "id" IN (?) AND "slug" <> '?' AND "slug" LIKE '%' ORDER BY "id" """
        assert [one.id for one in await on.post.fetch(row, query, (keys[2], keys[0], keys[3]))] == [
            keys[0],
            keys[2],
            keys[3],
        ]
        assert await on.post.fetch(row, query, ()) == []
        assert (await on.post.fetch_one(row, 'SELECT * FROM "post" WHERE "created" = ?', NOON)).created == NOON
        assert await on.post.execute('UPDATE "post" SET "score" = "score" + 1 WHERE "author" = ?', 1) == 2

    run(work)


def test_a_change_of_another_version_is_refused(run: Run) -> None:
    async def work(on: Models) -> None:
        await on.account.insert(id=1, balance=10)
        assert await on.account.update(1, 0, balance=9)
        assert not await on.account.update(1, 0, balance=8)
        row = await on.account.find_one(1)
        assert (row.balance, row.version) == (9, 1)

        async def spend() -> None:
            while True:
                seen = await on.account.find_one(1)
                if await on.account.update(1, seen.version, balance=seen.balance - 1):
                    return

        await asyncio.gather(*(spend() for _ in range(9)))
        row = await on.account.find_one(1)
        assert (row.balance, row.version) == (0, 10)

    run(work)


def test_a_deleted_row_is_marked_and_found_no_more(run: Run) -> None:
    async def work(on: Models) -> None:
        keys = [await on.draft.insert(title="t", changed=NOON) for _ in range(3)]
        assert await on.draft.delete(keys[1])
        assert not await on.draft.delete(keys[1])
        assert await on.draft.find_one(keys[1]) is None
        assert [row.id for row in await on.draft.find_many(keys)] == [keys[0], keys[2]]
        assert [row.id for row in (await on.draft.list_by_title("t")).rows] == [keys[0], keys[2]]
        assert await on.draft.count_by_title("t") == 2
        assert not await on.draft.update(keys[1], title="u")
        row = type(await on.draft.find_one(keys[0]))
        kept = await on.draft.fetch_one(row, 'SELECT * FROM "draft" WHERE "id" = ?', keys[1])
        assert kept is not None and kept.deleted is not None

    run(work)


def test_a_view_is_read_only(run: Run) -> None:
    async def work(on: Models) -> None:
        await on.post.insert_many([{"author": 1, "slug": f"s{n}", "score": n, "created": NOON} for n in range(9, 13)])
        found = await on.wellliked.fetch(on.wellliked.row, 'SELECT * FROM "wellliked" ORDER BY "id"')
        assert [(row.slug, row.created) for row in found] == [("s11", NOON), ("s12", NOON)]
        for name in ("insert", "insert_many", "update", "delete"):
            assert not hasattr(on.wellliked, name)

    run(work)


def test_a_transaction_is_kept_whole_or_not_at_all(run: Run) -> None:
    async def work(on: Models) -> None:
        await on.account.insert(id=1, balance=5)
        with pytest.raises(DatabaseError):
            async with on.db.transaction() as tx:
                accounts = on.account.within(tx)
                await accounts.insert(id=2, balance=5)
                assert (await accounts.find_one(2)).balance == 5
                await accounts.update(1, 0, balance=-1)  # against the CHECK
        assert await on.account.find_one(2) is None
        async with on.db.transaction() as tx:
            accounts = on.account.within(tx)
            await accounts.insert(id=3)
            with pytest.raises(DuplicateKey):
                async with tx.savepoint():
                    await accounts.insert(id=4)
                    await accounts.insert(id=3)
        assert [row.id for row in await on.account.find_many([2, 3, 4])] == [3]

    run(work)


def test_two_hundred_at_once_never_take_more_than_there_is(run: Run) -> None:
    async def work(on: Models) -> None:
        await on.account.insert(id=1, balance=50)
        statement = 'UPDATE "account" SET "balance" = "balance" - 1 WHERE "id" = ? AND "balance" >= 1'
        taken = await asyncio.gather(*(on.account.execute(statement, 1) for _ in range(200)))
        assert sum(taken) == 50
        assert (await on.account.find_one(1)).balance == 0

    run(work)
