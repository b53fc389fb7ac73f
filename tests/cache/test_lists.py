"""Declared lists behind a cache: how many queries they cost, and which ones the database answers alone."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from mallgen_runtime.cache import Cache, CacheConf
from mallgen_runtime.cache.store import Entry
from mallgen_runtime.sql import (
    BytesColumn,
    DatabaseError,
    DatetimeColumn,
    DecimalColumn,
    Dialect,
    FloatColumn,
    IntColumn,
    Keyset,
    ListRule,
    PoolTimeout,
    Table,
    TextColumn,
    UuidColumn,
)
from mallgen_runtime.sql.caching import TableCache
from mallgen_runtime.sql.column import Column
from mallgen_runtime.sql.lists import CachedList
from mallgen_runtime.sql.table import plan_of
from tests.cache.test_rows import Queries, Run, queries, redis, run
from tests.sql.made import Models

__all__ = ["queries", "redis", "run"]
KEYS = [-(2**63), -10, -9, 0, 9, 10, 2**63 - 1]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_pages_of_a_list_cost_no_query(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        for number in range(9):
            await on.post.insert(author=1, slug=f"s{number}", score=number // 2)
        first = await on.post.list_by_author_score(1, limit=3)
        for cursor in (None, first.cursor, (2, 100), (-1, 0)):
            await on.post.list_by_author_score(1, cursor, 3)
            assert await queries.during(on.post.list_by_author_score(1, cursor, 3)) == 0
        assert await queries.during(on.post.list_by_author_score(1, limit=3, descending=False)) == 1, "the other way"
        assert await queries.during(on.post.list_by_author_score(2)) == 1, "another list"
        assert await queries.during(on.post.list_by_author_score(2)) == 0, "an empty one is kept too"
        await on.post.insert(author=2, slug="new", score=5)
        assert [row.slug for row in (await on.post.list_by_author_score(2)).rows] == ["new"]

    run(work)


def test_beyond_the_limit_the_database_answers(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        await on.post.insert_many([{"author": 1, "slug": f"s{number}", "score": number} for number in range(30)])
        seen, cursor = [], None
        for _ in range(6):
            page = await on.post.list_by_author_score(1, cursor, 5)
            seen += [row.score for row in page.rows]
            cursor = page.cursor
        assert seen == list(range(29, -1, -1))
        assert page.is_end
        assert await queries.during(on.post.list_by_author_score(1, (20, 21), 5)) == 1, "the limit is 12"

    run(work)


def test_a_list_by_a_text_is_that_of_one_spelling(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        for title in ("cups", "CUPS", "数码"):
            await on.draft.insert(title=title, changed=NOON)
        for title in ("cups", "数码"):
            assert [row.title for row in (await on.draft.list_by_title_changed(title)).rows] == [title]
            await on.draft.list_by_title_changed(title)
            assert await queries.during(on.draft.list_by_title_changed(title)) == 0
        for _ in range(2):
            assert await queries.during(on.draft.list_by_title_changed("CUPS")) == 1
            assert [row.title for row in (await on.draft.list_by_title_changed("CUPS")).rows] == ["CUPS"]
        await on.draft.insert(title="CUPS", changed=NOON + timedelta(1))
        assert [row.title for row in (await on.draft.list_by_title_changed("cups")).rows] == ["cups"]
        assert len((await on.draft.list_by_title_changed("CUPS")).rows) == 2

    run(work)


def test_a_deleted_row_leaves_its_list(run: Run) -> None:
    async def work(on: Models) -> None:
        keys = [await on.draft.insert(title="a", changed=NOON + timedelta(number)) for number in range(3)]
        assert [row.id for row in (await on.draft.list_by_title_changed("a")).rows] == keys[::-1]
        await on.draft.delete(keys[1])
        assert [row.id for row in (await on.draft.list_by_title_changed("a")).rows] == [keys[2], keys[0]]
        await on.draft.update(keys[2], deleted=NOON)
        assert [row.id for row in (await on.draft.list_by_title_changed("a")).rows] == [keys[0]]
        page = await on.draft.list_by_title_changed("a", limit=1)
        assert page.is_end

    run(work)


def test_wrong_arguments_are_refused_as_by_the_database(run: Run) -> None:
    async def work(on: Models) -> None:
        for _ in range(2):
            for arguments in ((1, None, 0), (1, None, 10_001), ("1",), (1, (1,)), (1, ("a", 1)), (1, (1, None))):
                with pytest.raises(Exception, match=r"limit|int|values|shorter|argument|NULL"):
                    await on.post.list_by_author_score(*arguments)
            await on.post.list_by_author_score(1)

    run(work)


def _entries(listed: CachedList, cursors: list[tuple[Any, ...]]) -> list[Entry]:
    found = [listed.entry_at(cursor) for cursor in cursors]
    assert None not in found
    return [one for one in found if one is not None]


def _listed(sort: Column, key: Column) -> CachedList:
    table = Table("t", (key, sort, IntColumn("by")), (key.name,))
    rule = ListRule("l", Keyset(("by",), (sort.name, key.name)), False, 10)
    return CachedList(rule, plan_of(table, Dialect.MYSQL), Cache([], CacheConf(), "d"))


@pytest.mark.parametrize(
    ("sort", "values"),
    [
        (IntColumn("s", 64), [-(2**53), -5, 0, 7, 2**53]),
        (DecimalColumn("s", 20, 2), [Decimal("-90071992547409.92"), Decimal("-0.01"), Decimal("0"), Decimal("0.01")]),
        (FloatColumn("s"), [-1e308, -0.1, 0.0, 5e-324, 0.1, 0.2, 0.30000000000000004, 1e308]),
        (
            DatetimeColumn("s", 6),
            [datetime(1700, 1, 1, tzinfo=UTC), NOON, NOON.replace(microsecond=1)],
        ),
    ],
)
def test_scores_have_the_order_of_their_values(sort: Column, values: list[Any]) -> None:
    listed = _listed(sort, IntColumn("k", 64))
    entries = _entries(listed, [(value, key) for value in values for key in KEYS])
    assert entries == sorted(entries)
    assert len(set(entries)) == len(values) * 7
    assert [listed.key_values(one.member)[0] for one in entries[:7]] == KEYS


def test_keys_of_every_kind_that_can_be_a_member_come_back() -> None:
    uuids = sorted(UUID(int=number) for number in (0, 1, 2**64, 2**127))
    times = [NOON, NOON + timedelta(microseconds=1)]
    digits = sorted(["1", "10", "2", "0", "00"])
    for column, values in ((UuidColumn("k"), uuids), (DatetimeColumn("k", 6), times), (TextColumn("k", 9), digits)):
        listed = _listed(IntColumn("s"), column)
        entries = _entries(listed, [(1, value) for value in values])
        assert entries == sorted(entries)
        assert [listed.key_values(one.member) for one in entries] == [(value,) for value in values]


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**63 - 1])
def test_a_value_that_no_double_has_leaves_the_list_to_the_database(value: int) -> None:
    assert _listed(IntColumn("s", 64), IntColumn("k", 64)).entry_at((value, 1)) is None
    assert _listed(IntColumn("s", 64), TextColumn("k", 9)).entry_at((1, "a1")) is None


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        (FloatColumn("s", 32), IntColumn("k")),
        (TextColumn("s", 9), IntColumn("k")),
        (IntColumn("s", null=True), IntColumn("k")),
        (IntColumn("s"), BytesColumn("k", 9)),
        (IntColumn("s"), FloatColumn("k")),
    ],
)
def test_other_columns_make_no_sorted_set(sort: Column, key: Column) -> None:
    with pytest.raises(ValueError, match="sorted set"):
        _listed(sort, key)


def test_an_entry_is_as_large_as_its_numbers() -> None:
    assert _listed(IntColumn("s"), IntColumn("k")).entry_at((3, 7)) == Entry(3.0, "00000000000000000007")


def test_the_page_of_a_database_that_fails_fails(run: Run, tmp_path: Path) -> None:
    async def work(on: Models) -> None:
        await on.post.insert(author=1, slug="a")

        async def broken(*_: Any) -> Any:
            raise OSError("no disk")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(on.post), "_beginning", broken)
            with pytest.raises(OSError, match="no disk"):
                await on.post.list_by_author_score(1)
        await asyncio.sleep(0.1)
        assert len((await on.post.list_by_author_score(1)).rows) == 1
        assert len((await on.post.list_by_author_score(1)).rows) == 1

    run(work)


def test_a_list_is_read_anew_when_its_changed_row_cannot_be_read(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(on: Models) -> None:
        keys = [await on.post.insert(author=1, slug=f"s{number}", score=number) for number in range(3)]
        assert [row.score for row in (await on.post.list_by_author_score(1)).rows] == [2, 1, 0]

        async def busy(*_: object) -> None:
            raise PoolTimeout("no connection became free")

        with monkeypatch.context() as patch:
            patch.setattr(TableCache, "_now", busy)
            assert await on.post.update(keys[0], score=9)
            await on.post.execute('UPDATE "post" SET "score" = 8 WHERE "id" = ?', keys[1], changes=[keys[1]])
        assert [row.score for row in (await on.post.list_by_author_score(1)).rows] == [9, 8, 2]
        assert caplog.text.count("lists are forgotten, because a changed row cannot be read") == 2

    run(work)


def test_a_write_is_done_although_its_row_cannot_be_read_afterwards(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def work(on: Models) -> None:
        await on.post.insert(author=1, slug="a", score=1)
        await on.post.list_by_author_score(1)

        async def broken(*_: Any) -> Any:
            raise DatabaseError("the connection is gone")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(on.post._writes._direct, "_find", broken)
            key = await on.post.insert(author=1, slug="b", score=2)
            assert await on.post.update(key, score=3)
        assert [row.score for row in (await on.post.list_by_author_score(1)).rows] == [3, 1]

    run(work)
    assert "lists are forgotten" in caplog.text
