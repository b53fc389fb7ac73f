"""Models of tables that others wrote, and of ours for readers: every generated method runs on the real database."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mallgen.tables.ddl import script
from mallgen.tables.model import Dialect
from mallgen_runtime.cache import Cache, CacheConf
from mallgen_runtime.sql import Database, DataSourceConf
from tests.servers import MariaDb, Postgres, mariadb, postgres
from tests.sql.exercise import Maker, exercise, models_of
from tests.sql.made import written
from tests.tables import test_corpus, test_postgres_tables, test_sqlite_tables

pytestmark = pytest.mark.slow

WITHOUT_CHECKS = """
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT contypid::regtype AS kind, conname FROM pg_constraint WHERE contype = 'c' AND contypid <> 0 LOOP
    EXECUTE format('ALTER DOMAIN %s DROP CONSTRAINT %I', r.kind, r.conname);
  END LOOP;
  FOR r IN SELECT conrelid::regclass AS kind, conname FROM pg_constraint
      WHERE contype = 'c' AND contypid = 0 AND conislocal AND connamespace = 'public'::regnamespace LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', r.kind, r.conname);
  END LOOP;
END $$;
CREATE TABLE readings_of_any_time PARTITION OF readings DEFAULT;
"""
Figure = Callable[[str, object], None]


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    """Start a MariaDB that does not look at references between tables and at CHECK, which random rows break."""
    with mariadb() as started:
        started.run("SET GLOBAL foreign_key_checks = 0; SET GLOBAL check_constraint_checks = 0")
        yield started


@pytest.fixture(scope="module")
def postgres_without_references() -> Iterator[Postgres]:
    """Start a PostgreSQL that does not look at references."""
    with postgres("-c", "session_replication_role=replica") as started:
        yield started


async def run(url: str, package: str, modules: list[str]) -> int:
    """Exercise all models of a package on a database, then behind a cache; return the number of calls."""
    db, cache = Database(DataSourceConf(url=url)), Cache([], CacheConf(), package)
    await db.start()
    await cache.start()
    try:
        calls = sum([await exercise(model, Maker()) for model in models_of(package, modules, db)])
        return calls + sum([await exercise(model, Maker(6)) for model in models_of(package, modules, db, cache)])
    finally:
        await cache.close()
        await db.close()


@pytest.mark.parametrize(
    "path", [one for one in test_corpus.FILES if one.name not in test_corpus.OTHERS], ids=lambda one: one.name
)
def test_tables_of_the_corpus_on_mariadb(path: Path, server: MariaDb, record_property: Figure) -> None:
    result = test_corpus.reading(path)
    plain = "mallgen_corpus"
    server.run(f"DROP DATABASE IF EXISTS {plain}; CREATE DATABASE {plain}")
    server.run(test_corpus.statements(path), plain)
    calls = count = 0
    for place, database in enumerate(result.schema.databases):
        tables = tuple(table for table in result.schema.tables if table.database == database)
        package = f"corpus_{test_corpus.FILES.index(path)}_{place}"
        calls += asyncio.run(run(server.url(database or plain), package, written(package, tables)))
        count += len(tables)
        if database:
            server.run(f"DROP DATABASE `{database}`")
    record_property("figure", f"models of {path.name}: {count} tables, {calls} calls on MariaDB")


def test_tables_of_postgresql(postgres_without_references: Postgres, record_property: Figure) -> None:
    server = postgres_without_references
    url = server.database()
    server.run(test_postgres_tables.FILE.read_text(encoding="utf-8") + WITHOUT_CHECKS, url.rpartition("/")[2])
    tables = tuple(table for table in test_postgres_tables.reading().schema.tables if table.database in ("", "public"))
    calls = asyncio.run(run(url, "from_postgres", written("from_postgres", tables)))
    record_property("figure", f"models of PostgreSQL's tables: {len(tables)} tables, {calls} calls")
    assert len(tables) >= 25


def test_tables_of_sqlite(tmp_path: Path, record_property: Figure) -> None:
    path = tmp_path / "tables.db"
    tables = tuple(table._replace(checks=(), foreign_keys=()) for table in test_sqlite_tables.reading().schema.tables)
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.executescript(script(tables, Dialect.SQLITE))
    calls = asyncio.run(run(f"sqlite:///{path}", "from_sqlite", written("from_sqlite", tables)))
    record_property("figure", f"models of SQLite's tables: {len(tables)} tables, {calls} calls")
    assert len(tables) >= 30
