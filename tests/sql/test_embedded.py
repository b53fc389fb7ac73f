"""A file of SQLite in dev mode: made from the contract, given what the contract has more, robbed of no value."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mallgen.tables.ddl import script
from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read
from mallgen_runtime.sql import Database, DataSourceConf, ForeignKeyViolated, Schema, ValueRefused

FIRST = "CREATE TABLE note (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, text varchar(20) NOT NULL, n int DEFAULT 1);"


def tables(ddl: str) -> Schema:
    """Return the schema that a service has for DDL of MySQL, without models."""
    found = read([DdlSource("a.sql", ddl)], Dialect.MYSQL)
    assert not [one for one in found.diagnostics if one.severity == "error"], found.diagnostics
    return Schema("", (), script(found.schema.tables, Dialect.SQLITE))


def run(path: Path, ddl: str, *statements: str) -> tuple[str, list[tuple[object, ...]]]:
    """Start a database in dev mode, run statements, and return its state and the notes."""

    async def work() -> tuple[str, list[tuple[object, ...]]]:
        db = Database(DataSourceConf(url=f"sqlite:///{path}"), tables(ddl), "dev")
        await db.start()
        try:
            for statement in statements:
                await db.execute(statement)
            return db.state, await db.fetch("SELECT * FROM note ORDER BY id")
        finally:
            await db.close()

    return asyncio.run(work())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with two notes, a third one deleted."""
    path = tmp_path / "notes.db"
    written = [f"INSERT INTO note (text) VALUES ('{word}')" for word in ("a", "b", "c")]
    assert run(path, FIRST, *written, "DELETE FROM note WHERE text = 'c'") == ("ok", [(1, "a", 1), (2, "b", 1)])
    return path


def changed(old: str, new: str) -> str:
    assert old in FIRST
    return FIRST.replace(old, new)


@pytest.mark.parametrize(
    ("ddl", "rows"),
    [
        (changed("n int", "m int DEFAULT 7, n int"), [(1, "a", 7, 1), (2, "b", 7, 1)]),
        (changed("n int DEFAULT 1", "n int DEFAULT 2"), [(1, "a", 1), (2, "b", 1)]),
        (changed(", n int", ", up varchar(20) AS (upper(text)) STORED, n int"), [(1, "a", "A", 1), (2, "b", "B", 1)]),
        (changed(");", ", CHECK (n > 0));"), [(1, "a", 1), (2, "b", 1)]),
        (changed(");", ", UNIQUE KEY uk (text));"), [(1, "a", 1), (2, "b", 1)]),
        (f"{FIRST} CREATE VIEW few AS SELECT id FROM note;", [(1, "a", 1), (2, "b", 1)]),
    ],
)
def test_additions_are_made(path: Path, ddl: str, rows: list[tuple[object, ...]]) -> None:
    assert run(path, ddl) == ("ok", rows)
    assert run(path, ddl, "INSERT INTO note (text) VALUES ('d')")[1][-1][0] == 4  # an id is given once only
    assert run(path, ddl)[0] == "ok"


@pytest.mark.parametrize("before", ["", FIRST])
def test_services_that_start_at_the_same_time_bring_a_file_up_once(tmp_path: Path, before: str) -> None:
    ddl = changed("n int", "m int DEFAULT 7, n int")

    async def started(path: Path) -> list[str]:
        services = [Database(DataSourceConf(url=f"sqlite:///{path}"), tables(ddl), "dev") for _ in range(8)]
        await asyncio.gather(*(service.start() for service in services))
        states = [service.state for service in services]
        await asyncio.gather(*(service.close() for service in services))
        return states

    for number in range(10):
        path = tmp_path / f"{number}.db"
        if before:
            run(path, before, "INSERT INTO note (text) VALUES ('a')")
        assert asyncio.run(started(path)) == ["ok"] * 8
        assert run(path, ddl) == ("ok", [(1, "a", 7, 1)] if before else [])


def test_a_column_with_the_time_of_its_making_is_added(path: Path) -> None:
    state, rows = run(path, changed("n int", "made datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, n int"))
    assert state == "ok"
    assert [(row[0], str(row[2])[:2]) for row in rows] == [(1, "20"), (2, "20")]


@pytest.mark.parametrize(
    ("ddl", "said"),
    [
        (changed("text varchar(20)", "text int"), "note.text is TEXT NOT NULL and should be INTEGER NOT NULL"),
        (changed(", n int DEFAULT 1", ""), "note.n is not in the contract"),
        (
            changed("n int", "m int NOT NULL, n int"),
            "note: m cannot be added to the rows that are there: NOT NULL constraint failed: note.m;",
        ),
        (changed(");", ", CHECK (n > 1));"), "note: the new constraints do not fit the rows that are there"),
        (changed(");", ", UNIQUE KEY uk (n));"), "the index note_uk cannot be made"),
    ],
)
def test_what_would_lose_a_value_is_refused(path: Path, ddl: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    state, rows = run(path, ddl)
    assert state == "schema"
    assert said in caplog.text
    assert "for a new file stop the service first" in caplog.text
    assert [row[:2] for row in rows] == [(1, "a"), (2, "b")]
    assert run(path, FIRST) == ("ok", [(1, "a", 1), (2, "b", 1)])


SERVICE = """
import asyncio, logging, sys
from mallgen_runtime.sql import Database, DataSourceConf, Schema

async def main():
    db = Database(DataSourceConf(url="sqlite:///" + sys.argv[1]), Schema("", (), sys.argv[2]), "dev")
    await db.start()
    for word in ("x", "y"):
        await db.execute(f"INSERT INTO note (text) VALUES ('{word}')")
    print("written", flush=True)
    await asyncio.sleep(60)

logging.basicConfig(stream=sys.stdout, format="%(message)s")
asyncio.run(main())
"""


@pytest.mark.parametrize("name", ["notes.db", "my notes.db"])
def test_a_new_file_as_the_line_says_leaves_no_row_behind(path: Path, name: str) -> None:
    """The rows of a service that was killed are still beside its file, not in it."""
    path = path.rename(path.with_name(name))
    ddl = changed("text varchar(20)", "text int")
    for number, folder in enumerate(("old", "old2"), 1):
        words = [sys.executable, "-c", SERVICE, str(path), tables(ddl).sqlite]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as service:
            assert service.stdout is not None
            line, said = service.stdout.readline(), service.stdout.readline()
            service.kill()
        assert said == "written\n", line
        told = re.search(r"stop the service first: (.*); then start again$", line)
        assert told, line
        subprocess.run(["sh", "-c", told[1]], check=True)
        assert not list(path.parent.glob("*.db*"))
        with sqlite3.connect(path.parent / folder / name) as old:
            found = [text for (text,) in old.execute("SELECT text FROM note ORDER BY id")]
        assert found == (["a", "b", "x", "y"] if number == 1 else ["x", "y"])
        old.close()
        assert run(path, FIRST) == ("ok", [])


def test_references_hold_as_they_will_in_production(path: Path) -> None:
    more = (
        f"{FIRST} CREATE TABLE tag (note bigint NOT NULL, FOREIGN KEY (note) REFERENCES note (id) ON DELETE CASCADE);"
    )
    with pytest.raises(ForeignKeyViolated):
        run(path, more, "INSERT INTO tag VALUES (99)")
    assert run(path, more, "INSERT INTO tag VALUES (1)", "DELETE FROM note WHERE id = 1")[1] == [(2, "b", 1)]
    wider = more.replace("n int", "m int DEFAULT 3, n int")
    assert run(path, wider) == ("ok", [(2, "b", 3, 1)])
    with pytest.raises(ForeignKeyViolated):
        run(path, wider, "INSERT INTO tag VALUES (99)")


def test_checks_hold_after_a_change(path: Path) -> None:
    ddl = changed(");", ", CHECK (n > 0));")
    with pytest.raises(ValueRefused):
        run(path, ddl, "INSERT INTO note (text, n) VALUES ('d', 0)")
