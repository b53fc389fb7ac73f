"""Work that is done once: by a row of the transaction on each database, and by the cache."""

import asyncio
from pathlib import Path

import pytest

from mallgen.tables import model
from mallgen.tables.outbox import once_ddl
from mallgen_runtime.cache import Cache, CacheConf
from mallgen_runtime.queue import QueueError
from mallgen_runtime.queue.once import forget, once, once_in
from mallgen_runtime.sql import Database, DataSourceConf


@pytest.fixture(params=["sqlite", "mariadb", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database with the table."""
    if request.param == "sqlite":
        found = f"sqlite:///{tmp_path / 'once.db'}"
    else:
        found = request.getfixturevalue(f"{request.param}_server").database()

    async def make() -> None:
        database = opened(found)
        await database.start()
        for statement in filter(str.strip, once_ddl(model.Dialect(database.dialect.value)).split(";\n")):
            await database.execute(statement)
        await database.close()

    asyncio.run(make())
    return found


def opened(url: str) -> Database:
    """Return a database that makes its file."""
    return Database(DataSourceConf(url=url, required=True), mode="dev")


def test_the_second_transaction_with_a_key_is_told_so(url: str) -> None:
    async def main() -> None:
        database = opened(url)
        await database.start()
        try:
            for expected in (True, False, False):
                async with database.transaction() as tx:
                    assert await once(tx, "order-7", scope="paid") is expected
            async with database.transaction() as tx:
                assert await once(tx, "order-7", scope="sent")
                assert await once(tx, "ORDER-7", scope="paid"), "keys differ in case"
                assert not await once(tx, "order-7", scope="sent"), "also within a transaction"
            with pytest.raises(ValueError, match="at most 255 bytes"):
                async with database.transaction() as tx:
                    await once(tx, "x" * 256)
        finally:
            await database.close()

    asyncio.run(main())


def test_a_key_of_work_that_was_undone_can_be_used_again(url: str) -> None:
    async def main() -> None:
        database = opened(url)
        await database.start()
        try:
            with pytest.raises(ZeroDivisionError):
                async with database.transaction() as tx:
                    assert await once(tx, "order-7")
                    _ = 1 / 0
            async with database.transaction() as tx:
                assert await once(tx, "order-7")
            async with database.transaction() as tx:
                await forget(tx, keep=3600)
                assert not await once(tx, "order-7")
            async with database.transaction() as tx:
                await forget(tx, keep=-1)
                assert await once(tx, "order-7"), "it was forgotten"
        finally:
            await database.close()

    asyncio.run(main())


def test_two_transactions_at_once_do_the_work_once(url: str) -> None:
    async def main() -> list[bool]:
        database = opened(url)
        await database.start()

        async def one(number: int) -> bool:
            async with database.transaction() as tx:
                return await once(tx, f"order-{number % 5}")

        try:
            return await asyncio.gather(*(one(number) for number in range(20)))
        finally:
            await database.close()

    assert sum(asyncio.run(main())) == 5


def test_the_cache_remembers_work_that_ended_well() -> None:
    async def main() -> None:
        cache = Cache([], CacheConf(), "shop")
        await cache.start()
        try:
            with pytest.raises(ZeroDivisionError):
                async with once_in(cache, "mail-1") as is_first:
                    assert is_first
                    _ = 1 / 0
            async with once_in(cache, "mail-1") as is_first:
                assert is_first, "it failed before"
                with pytest.raises(QueueError, match="is being done"):
                    async with once_in(cache, "mail-1"):
                        pass
            async with once_in(cache, "mail-1") as is_first:
                assert not is_first
            async with once_in(cache, "mail-1", scope="other") as is_first:
                assert is_first
        finally:
            await cache.close()

    asyncio.run(main())
