"""Names, comments and checks with every sign of SQL: read from a database, made again, compared and dropped."""

import sqlite3
from contextlib import closing
from pathlib import Path

from mallgen.loading.live.dump import read_live
from mallgen.tables.migration.migrate import Side, migrate
from mallgen.tables.model import Dialect, Schema
from tests.servers import MariaDb, Postgres, SqlServer
from tests.sql.test_migrate import look, tables

NAMES = ('a"b', "a`b", "a'b", "a;b", "a--b", "a/*b", "好", "select", "a.b", "A b", "x\\y", "%s", "$1", "{x}", "a?b")
COMMENT = "'it''s */ ; -- x'"


def quoted(name: str, dialect: Dialect) -> str:
    """Return a name in the quotes of a dialect."""
    quote = "`" if dialect is Dialect.MYSQL else '"'
    return f"{quote}{name.replace(quote, 2 * quote)}{quote}"


def script(dialect: Dialect) -> str:
    """Return the DDL of a table, an index and a view for each name."""
    kind = "TEXT" if dialect is Dialect.SQLITE else "varchar(20)"
    comment = f" COMMENT {COMMENT}" if dialect is Dialect.MYSQL else ""
    statements = []
    for name in NAMES:
        own = quoted(name, dialect)
        columns = ", ".join(f"{quoted(column, dialect)} {kind}{comment}" for column in NAMES)
        check = f"CONSTRAINT {quoted(f'ck{name}', dialect)} CHECK ({own} <> 'x'';\"`')"
        statements.append(f"CREATE TABLE {own} (id INTEGER NOT NULL PRIMARY KEY, {columns}, {check})")
        statements.append(f"CREATE INDEX {quoted(f'ix{name}', dialect)} ON {own} ({own})")
        statements.append(f"CREATE VIEW {quoted(f'v{name}', dialect)} AS SELECT id, {own} FROM {own}")
        if dialect is Dialect.POSTGRES:
            statements.append(f"COMMENT ON TABLE {own} IS {COMMENT}")
    return "".join(f"{one};\n" for one in statements)


def joined(old: Side, new: Side, dialect: Dialect) -> str:
    """Return the statements between two schemas."""
    return "".join(f"{step.statement};\n" for step in migrate(old, new, dialect))


def holds(server: SqlServer, dialect: Dialect) -> None:
    """Assert that a server's tables are read, made again and dropped."""
    first, second = server.database(), server.database()
    wanted, nothing = Side(tables(script(dialect), dialect)), Side(Schema(()))
    server.run(script(dialect), first.rpartition("/")[2])
    live = Side(tables(read_live(first).text, dialect), True)
    assert joined(live, wanted, dialect) == ""
    server.run(joined(nothing, wanted, dialect), second.rpartition("/")[2])
    assert look(second) == look(first)
    server.run(joined(wanted, nothing, dialect), second.rpartition("/")[2])
    assert look(second) == []


def test_mariadb(mariadb_server: MariaDb) -> None:
    holds(mariadb_server, Dialect.MYSQL)


def test_postgres(postgres_server: Postgres) -> None:
    holds(postgres_server, Dialect.POSTGRES)


def test_sqlite(here: Path) -> None:
    dialect, nothing = Dialect.SQLITE, Side(Schema(()))
    wanted = Side(tables(script(dialect), dialect))
    with closing(sqlite3.connect("first.db")) as first, closing(sqlite3.connect("second.db")) as second:
        first.executescript(script(dialect))
        live = Side(tables(read_live("sqlite:///first.db").text, dialect), True)
        assert joined(live, wanted, dialect) == ""
        second.executescript(joined(nothing, wanted, dialect))
        again = Side(tables(read_live("sqlite:///second.db").text, dialect), True)
        assert len(again.schema.tables) == 2 * len(NAMES) and joined(again, wanted, dialect) == ""
        second.executescript(joined(wanted, nothing, dialect))
        assert second.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (0,)
