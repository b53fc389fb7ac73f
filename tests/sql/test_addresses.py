"""Ways to a server: sockets, TLS, replicas, time zones, and the figures of the pool."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from mallgen_runtime.process import metrics
from mallgen_runtime.sql import Database, DataSourceConf, Dialect
from mallgen_runtime.sql.statement import for_values
from tests import servers
from tests.parts import program
from tests.ports import free_port
from tests.servers import PASSWORD, USER, MariaDb, Postgres, SqlServer
from tests.sql.conftest import DDL, SCHEMA
from tests.sql.test_database import insert, opened, rows, run

pytestmark = pytest.mark.slow

SUMMER, WINTER = datetime(2026, 7, 1, 12, 30, tzinfo=UTC), datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


@pytest.fixture(params=["mariadb", "postgres"])
def server(request: pytest.FixtureRequest) -> SqlServer:
    """Return a running server."""
    found: SqlServer = request.getfixturevalue(f"{request.param}_server")
    return found


def filled(server: SqlServer) -> str:
    """Make a database with the table and return its URL."""
    url = server.database()
    server.run(DDL, url.rpartition("/")[2])
    return url


def test_unix_socket(server: SqlServer) -> None:
    name = filled(server).rpartition("/")[2]
    if isinstance(server, MariaDb):
        urls = [f"{USER}:{PASSWORD}@unix({server.socket})/{name}", f"{server.url(name)}?unix_socket={server.socket}"]
    else:
        assert isinstance(server, Postgres)
        urls = [f"{server.url(name)}?host={server.socket}"]

    async def work(database: Database) -> None:
        await insert(database, await rows(database))

    for url in urls:
        run(url, work)


def test_tcp_dsn_of_go(mariadb_server: MariaDb) -> None:
    name = filled(mariadb_server).rpartition("/")[2]
    words = "charset=utf8mb4&parseTime=true&loc=Asia%2FShanghai"

    async def work(database: Database) -> None:
        await insert(database, 1)

    run(f"{USER}:{PASSWORD}@tcp(127.0.0.1:{mariadb_server.port})/{name}?{words}", work)


@pytest.mark.parametrize("loc", ["UTC", "Asia/Shanghai", "Local"])
def test_columns_without_a_zone_have_that_of_the_source(server: SqlServer, loc: str) -> None:
    """A source reads back the instants that it wrote, and the server keeps the wall clock of its zone."""
    url = f"{filled(server)}?loc={quote(loc, safe='')}"

    async def work(database: Database) -> None:
        mysql = database.dialect is Dialect.MYSQL
        kinds = "DATETIME, t TIMESTAMP NULL" if mysql else "timestamp, t timestamptz"
        await database.execute(f"CREATE TABLE moments (id int, d {kinds})")
        for number, moment in enumerate((SUMMER, WINTER)):
            values = (number, moment, moment.astimezone())
            sql, bound = for_values("INSERT INTO moments VALUES (?, ?, ?)", database.dialect, values)
            await database.execute(sql, bound)
        found = await database.fetch("SELECT d, t FROM moments ORDER BY id")
        assert [tuple(row) for row in found] == [(SUMMER, SUMMER), (WINTER, WINTER)]
        (clock,) = (await database.fetch("SELECT CAST(d AS char(19)) FROM moments WHERE id = 0"))[0]
        wall = SUMMER + timedelta(hours=8) if loc == "Asia/Shanghai" else SUMMER
        assert clock == (wall.astimezone() if loc == "Local" else wall).strftime("%Y-%m-%d %H:%M:%S")
        now = "CURRENT_TIMESTAMP(0)"
        await database.execute(f"UPDATE moments SET d = {now}, t = {now}")
        for made, shown in await database.fetch("SELECT d, t FROM moments"):
            assert made == shown and abs(made - datetime.now(UTC)) < timedelta(minutes=1)

    run(url, work)


def test_zone_with_a_summer_that_the_server_does_not_know(mariadb_server: MariaDb) -> None:
    async def start() -> str:
        url = f"{filled(mariadb_server)}?loc=Europe%2FBerlin"
        database = Database(DataSourceConf(url=url, connect_timeout="30s"), SCHEMA)
        await database.start()
        await database.close()
        return database.state

    mariadb_server.run("DELETE FROM mysql.time_zone_name WHERE Name = 'Europe/Berlin'")
    assert asyncio.run(start()) == "unreachable"


def test_zero_dates_are_none(mariadb_server: MariaDb) -> None:
    async def work(database: Database) -> None:
        await database.execute("CREATE TABLE zeros (d date, t datetime)")
        async with database.transaction() as transaction:
            await transaction.execute("SET sql_mode = ''")
            await transaction.execute("INSERT INTO zeros VALUES ('0000-00-00', '0000-00-00 00:00:00')")
        assert [tuple(row) for row in await database.fetch("SELECT d, t FROM zeros")] == [(None, None)]

    run(filled(mariadb_server), work)


def test_replicas_are_read_and_the_primary_is_written(server: SqlServer) -> None:
    """Two databases without a replication between them show which one was asked."""
    primary, one, two = filled(server), filled(server), filled(server)
    server.run("INSERT INTO item VALUES (1, 'one')", one.rpartition("/")[2])
    server.run("INSERT INTO item VALUES (1, 'two')", two.rpartition("/")[2])
    down = one.replace(f":{server.port}/", f":{free_port()}/")

    async def names(database: Database, count: int = 4) -> list[str]:
        return [row[0] for _ in range(count) for row in await database.fetch("SELECT name FROM item")]

    async def work(database: Database) -> None:
        assert sorted(await names(database)) == ["one", "one", "two", "two"]
        assert [tuple(row) for row in await database.primary.fetch("SELECT COUNT(*) FROM item")] == [(0,)]
        await insert(database, 7)
        async with database.transaction() as transaction:
            assert await transaction.fetch("SELECT name FROM item FOR UPDATE")
        assert [row[0] for row in await database.fetch("SELECT name FROM item FOR UPDATE")] == ["n7"]

    async def without(replicas: list[str], name: str) -> None:
        database = Database(
            DataSourceConf(url=primary, replicas=replicas, connect_timeout="30s", required=True), SCHEMA
        )
        await database.start()
        assert database.state == "replica unreachable"
        assert set(await names(database)) == {name}
        await database.close()

    run(primary, work, replicas=[one, two])
    asyncio.run(without([down, two], "two"))
    asyncio.run(without([down], "n7"))


def test_figures_of_the_pool(source_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_on", True)

    async def work(database: Database) -> None:
        async with database.transaction() as transaction:
            await insert(transaction, 1)
            text = metrics.text().decode()
        assert 'sql_client_in_use_connections{db_name="' in text
        assert "sql_client_requests_duration_ms_bucket" in text

    run(source_url, work)
    assert "sql_client_in_use_connections{" not in metrics.text().decode()


SEEN = {
    "mariadb": "SELECT VARIABLE_VALUE <> '' FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_CIPHER'",
    "postgres": "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
}


@contextmanager
def secured(kind: str) -> Iterator[tuple[SqlServer, Path]]:
    """Start a server that speaks TLS; yield it with its certificate, which it has signed itself."""
    with servers.folder() as place:
        cert, key = place / "cert.pem", place / "key.pem"
        words = [program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        words += ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
        subprocess.run(words, check=True, capture_output=True)
        servers.owned_by("mysql" if kind == "mariadb" else "postgres", key)
        if kind == "mariadb":
            with servers.mariadb(f"--ssl-cert={cert}", f"--ssl-key={key}") as mariadb:
                yield mariadb, cert
        else:
            files = ("-c", f"ssl_cert_file={cert}", "-c", f"ssl_key_file={key}")
            with servers.postgres("-c", "ssl=on", *files) as postgres:
                yield postgres, cert


@pytest.mark.parametrize("kind", ["mariadb", "postgres"])
def test_tls(kind: str) -> None:
    async def is_secret(url: str) -> bool:
        async with opened(url) as database:
            return bool((await database.fetch(SEEN[kind]))[0][0])

    async def state(url: str) -> str:
        database = Database(DataSourceConf(url=url, connect_timeout="30s"), SCHEMA)
        await database.start()
        await database.close()
        return database.state

    with secured(kind) as (server, cert):
        url = filled(server)
        assert not asyncio.run(is_secret(url))
        assert asyncio.run(is_secret(f"{url}?tls=skip-verify"))
        assert asyncio.run(is_secret(f"{url}?tls=preferred"))
        assert asyncio.run(is_secret(f"{url}?sslmode=verify-full&sslrootcert={quote(str(cert), safe='')}"))
        assert asyncio.run(state(f"{url}?sslmode=verify-full")) == "unreachable"


def test_tls_where_it_can_be_had(server: SqlServer) -> None:
    async def work(database: Database) -> None:
        assert await rows(database) == 0

    run(f"{filled(server)}?sslmode=prefer", work)
