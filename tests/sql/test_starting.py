"""The start of a service's database: files of SQLite, servers that are down, tables that differ."""

import asyncio
from pathlib import Path

import pytest

from mallgen_runtime import ConfigError
from mallgen_runtime.sql import Database, DataSourceConf, Schema, Table, TextColumn
from tests.ports import free_port
from tests.servers import MariaDb, Postgres
from tests.sql.conftest import SCHEMA
from tests.sql.test_database import opened, rows

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
        await asyncio.sleep(1.3)
        assert database.state == "ok"
        assert await rows(database) == 0
        await database.close()

    asyncio.run(run())
    assert "MALLGEN_DEV=1" in caplog.messages[0]
    assert sorted(one.name for one in path.parent.iterdir()) == ["a.db"]


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
    assert f"mv {tmp_path}/a.db {tmp_path}/a.db.old" in caplog.text


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
    assert lines[1] == "the table stock is missing"
    assert ("id is int" in lines[0]) == (not source_url.startswith("sqlite"))
