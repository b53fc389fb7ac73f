"""Declared lists on SQLite, MariaDB and PostgreSQL, behind a cache and without one: the same answers."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.sql.made import Models, models
from tests.sql.test_models import NOON, Run, everything, run

__all__ = ["run"]


def test_declared_lists_answer_as_the_database_does_while_rows_change(run: Run) -> None:
    """Pages of random lists, from a cache or not, beside what a sort of all rows says."""

    async def work(on: Models) -> None:
        chance = random.Random(5)
        rows: dict[int, tuple[int, int]] = {}
        for number in range(150):
            key = chance.choice([*rows, 0])
            match chance.randrange(6):
                case 0 if key:
                    assert await on.post.delete(key)
                    del rows[key]
                case 1 if key:
                    rows[key] = (rows[key][0], chance.randrange(4))
                    assert await on.post.update(key, score=rows[key][1])
                case 2 if key:
                    rows[key] = (chance.randrange(2), rows[key][1])
                    assert await on.post.update(key, author=rows[key][0])
                case 3:
                    author = chance.randrange(2)
                    rows[await on.post.insert(author=author, slug=f"s{number}")] = (author, 0)
                case 4:
                    async with on.db.transaction() as tx:
                        values = (chance.randrange(2), chance.randrange(4))
                        made = await on.post.within(tx).insert(author=values[0], slug=f"s{number}", score=values[1])
                    rows[made] = values
                case _:
                    many = [{"author": 1, "slug": f"s{number}-{place}", "score": 3} for place in range(2)]
                    await on.post.insert_many(many)
                    found = [await on.post.find_one_by_slug(one["slug"]) for one in many]
                    rows |= {row.id: (1, 3) for row in found}
            await _same_pages(on, rows, chance)

    run(work)


async def _same_pages(on: Models, rows: dict[int, tuple[int, int]], chance: random.Random) -> None:
    author = chance.randrange(2)
    wanted = sorted(((score, key) for key, (who, score) in rows.items() if who == author), reverse=True)
    limit = chance.choice([1, 3, 5])
    cursor: Any = chance.choice([None, (chance.randrange(4), chance.choice([*rows, 1]))])
    left = [one for one in wanted if cursor is None or one < cursor]
    page = await on.post.list_by_author_score(author, cursor, limit)
    assert [(row.score, row.id) for row in page.rows] == left[:limit]
    assert (page.is_end, page.cursor) == (len(left) <= limit, left[:limit][-1] if left else None)


def test_lists_by_texts_and_of_any_order_answer_as_without_a_cache(run: Run) -> None:
    """Texts that a collation may hold to be equal, decimals, doubles, times: what a model without a cache says too."""

    async def work(on: Models) -> None:
        chance = random.Random(6)
        alone = models(on.db)
        titles = ["a", "A", "ä", "b", "b ", "数码", "ss", "ß", "1"]
        keys = [await on.draft.insert(title=title, changed=NOON) for title in titles]
        for number in range(120):
            key, title = chance.choice(keys), chance.choice(titles)
            match chance.randrange(4):
                case 0:
                    await on.draft.update(key, changed=NOON + timedelta(seconds=chance.randrange(5)))
                case 1:
                    await on.draft.update(key, title=title)
                case 2:
                    await on.draft.delete(key)
                case _:
                    keys.append(await on.draft.insert(title=title, changed=NOON))
            asked = chance.choice(titles)
            mine = await on.draft.list_by_title_changed(asked, None, 3)
            assert mine == await alone.draft.list_by_title_changed(asked, None, 3), (number, asked)

    run(work)


def test_lists_of_decimals_doubles_and_times_page_as_without_a_cache(run: Run) -> None:
    async def work(on: Models) -> None:
        chance = random.Random(7)
        alone = models(on.db)
        money = [Decimal("-0.01"), Decimal("0.00"), Decimal("9999999999999.99"), Decimal("90071992547409.93") / 100]
        ratios = [0.1, 0.2, 0.1 + 0.2, -1e300, 5e-324, 0.0]
        for number in range(25):
            moment = NOON + timedelta(microseconds=chance.choice([0, 1, 10]))
            values = everything(money=chance.choice(money).quantize(Decimal("0.01")), ratio=chance.choice(ratios))
            await on.everything.insert(
                **{**values, "moment": moment, "size": chance.choice("SM"), "flag": number % 2 == 0}
            )
            for name, equal in (("size_money", ["S"]), ("flag_ratio", [True]), ("moment", [])):
                pages = [await _all(getattr(one.everything, f"list_by_{name}"), equal) for one in (on, alone)]
                assert pages[0] == pages[1], name

    run(work)


async def _all(listed: Callable[..., Awaitable[Any]], equal: list[Any]) -> list[Any]:
    """Return the pages of a list, three rows each."""
    pages, cursor = [], None
    while True:
        page = await listed(*equal, cursor, 3)
        pages.append(page)
        if page.is_end:
            return pages
        cursor = page.cursor
