"""The start of a service's database: files of SQLite, servers that are down, tables that differ."""

import asyncio
import time
from pathlib import Path

import pytest

from mallgen_runtime import ConfigError
from mallgen_runtime.process.origin import NOBODY, Origin, origin
from mallgen_runtime.sql import (
    Database,
    DatabaseError,
    DataSourceConf,
    Deadlock,
    Schema,
    StatementTimeout,
    Table,
    TextColumn,
)
from tests.pauses import Pauses
from tests.ports import free_port
from tests.run.discovering import until
from tests.servers import MariaDb, Postgres
from tests.sql.conftest import SCHEMA
from tests.sql.test_database import insert, opened, rows

WIDER = Schema("shop", (), SCHEMA.sqlite.replace("TEXT", "BLOB"))
OTHER = Schema("shop", (Table("item", (TextColumn("id"), TextColumn("title"))), Table("stock", ())), "")


def test_file_is_made_in_dev_mode_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "data" / "a.db"

    async def run() -> None:
        database = Database(DataSourceConf(url=f"sqlite:///{path}"), SCHEMA, "pro")
        await database.start()
        assert database.state == "unreachable"
        assert not path.exists()
        async with opened(f"sqlite:///{path}"):
            pass
        await until(lambda: database.state == "ok", 10, "the file is found")
        assert await rows(database) == 0
        await database.close()

    asyncio.run(run())
    assert "MALLGEN_DEV=1" in caplog.messages[0]
    assert sorted(one.name for one in path.parent.iterdir()) == ["a.db"]


def test_no_log_is_left_beside_a_file_that_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that were still being made are closed, too."""
    monkeypatch.setenv("MALLGEN_DEV", "1")

    async def run() -> None:
        for number in range(20):
            database = Database(DataSourceConf(url=f"sqlite:///{tmp_path}/{number}.db"), None, "dev")
            await database.start()
            await database.execute("CREATE TABLE made (a int)")
            await asyncio.gather(*(database.fetch("SELECT * FROM made") for _ in range(8)))
            await database.execute("INSERT INTO made VALUES (1)")
            await database.close()
            assert not [*tmp_path.glob("*.db-*")]

    asyncio.run(run())


def test_environment_makes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLGEN_DEV", "1")

    async def run() -> None:
        database = Database(DataSourceConf(url=f"sqlite:///{tmp_path}/a.db"), SCHEMA, "pro")
        await database.start()
        assert database.state == "ok"
        await database.close()

    asyncio.run(run())


def test_memory_has_its_tables_in_every_mode() -> None:
    async def run() -> None:
        database = Database(DataSourceConf(url="sqlite://:memory:"), SCHEMA, "pro")
        await database.start()
        assert await rows(database) == 0
        await database.close()

    asyncio.run(run())


@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
def test_server_that_is_down(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    conf = DataSourceConf(url=f"{scheme}://u:geheim@127.0.0.1:{free_port()}/shop")

    async def run() -> None:
        database = Database(conf, SCHEMA)
        await database.start()
        assert database.state == "unreachable"
        await database.close()
        conf.required = True
        with pytest.raises(ConfigError, match="DataSource: the database is required"):
            await Database(conf, SCHEMA).start()

    asyncio.run(run())
    (line,) = caplog.messages
    assert "is unreachable" in line and "geheim" not in line


def test_server_that_refuses_the_password(
    mariadb_server: MariaDb, postgres_server: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        for server in (mariadb_server, postgres_server):
            database = Database(DataSourceConf(url=f"{server.scheme}://shop:geheim@127.0.0.1:{server.port}/x"))
            await database.start()
            assert database.state == "unreachable"
            await database.close()

    asyncio.run(run())
    assert len(caplog.messages) == 2
    assert "geheim" not in caplog.text


def test_file_that_cannot_be_extended(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with opened(f"sqlite:///{tmp_path}/a.db"):
            pass
        database = Database(DataSourceConf(url=f"sqlite:///{tmp_path}/a.db"), WIDER, "dev")
        await database.start()
        assert database.state == "schema"
        await database.close()

    asyncio.run(run())
    assert "item.name is TEXT NOT NULL and should be BLOB NOT NULL" in caplog.text
    assert f"mkdir {tmp_path}/old && mv {tmp_path}/a.db* {tmp_path}/old/; then start again" in caplog.text


def test_tables_that_differ_from_their_models(source_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with opened(source_url):
            pass
        database = Database(DataSourceConf(url=source_url), OTHER)
        await database.start()
        assert database.state == "schema"
        await database.close()

    asyncio.run(run())
    lines = [line.partition(": ")[2] for line in caplog.messages]
    assert len(lines) == 2
    assert lines[0].startswith("the table item differs from its model: has no title")
    assert "; `mallgen model migrate URL FILE.sql` prints the statements that change it" in lines[0]
    made_by = "`mallgen model migrate URL FILE.sql` prints the statement that makes it"
    making = "in dev mode the service makes it (`Mode: dev`), else " if source_url.startswith("sqlite") else ""
    assert lines[1] == f"the table stock is missing; {making}{made_by}"
    assert ("id is int" in lines[0]) == (not source_url.startswith("sqlite"))


def test_two_processes_write_one_file_of_sqlite(tmp_path: Path) -> None:
    """A writer waits for the lock of another, without a thread that no deadline reaches."""
    url = f"sqlite:///{tmp_path}/a.db"

    async def run() -> None:
        async with opened(url) as one, opened(url) as other:
            async with one.transaction() as transaction:
                await insert(transaction, 1)
                origin.set(Origin("", "", time.monotonic() + 0.3))
                with Pauses() as pauses, pytest.raises(DatabaseError) as late:
                    await insert(other, 2)
                assert isinstance(late.value, Deadlock | StatementTimeout)
                assert time.monotonic() - origin.get().deadline < 0.2 + pauses.longest  # type: ignore[operator]
                origin.set(NOBODY)
                waiting = asyncio.create_task(insert(other, 3))
                await asyncio.sleep(0.3)
                assert not waiting.done()
            await waiting
            await asyncio.gather(
                *(
                    insert(each, 10 * number + place)
                    for number in range(2, 22)
                    for place, each in enumerate((one, other))
                )
            )
            assert await rows(one) == await rows(other) == 42

    asyncio.run(run())
