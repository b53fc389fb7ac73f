"""Every `.sql` of the corpus is read, and MariaDB has the same columns and keys as our models."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mallgen.tables.model import Dialect
from mallgen.tables.places import Places
from mallgen.tables.read import DdlSource, Read, read
from mallgen.tables.scan import scan
from tests.conftest import CORPUS
from tests.servers import MariaDb, mariadb
from tests.tables.live import differences, mariadb_shapes, shape

FILES = sorted(CORPUS.rglob("*.sql")) if CORPUS.is_dir() else []
ONLY_MYSQL = re.compile(r"utf8mb4_0900_\w+")  # collations that MariaDB has not
OTHERS = {"flink_cdc_es.sql": "ddl-flink", "flink_cdc_gorse.sql": "ddl-flink", "秒杀存储过程.sql": "ddl-unmodelled"}
SERVER = "mallgen_corpus"


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    """Start a MariaDB of our own: files of the corpus create databases by name."""
    with mariadb() as started:
        yield started


def reading(path: Path) -> Read:
    """Read a file of the corpus."""
    return read([DdlSource(path.name, path.read_text(encoding="utf-8-sig"))])


def statements(path: Path) -> str:
    """Return a file without its rows, and with collations that MariaDB has."""
    text = path.read_text(encoding="utf-8-sig")
    scanned = scan(path.name, text, Dialect.MYSQL)
    assert isinstance(scanned.places, Places)
    kept = [
        text[one.tokens[0].start : one.tokens[-2].end]
        for one in scanned.statements
        if one.tokens[0].upper not in ("LOCK", "UNLOCK", "INSERT", "SET", "BEGIN", "COMMIT", "START")
    ]
    return ONLY_MYSQL.sub("utf8mb4_general_ci", "SET FOREIGN_KEY_CHECKS = 0;\n" + ";\n".join(kept) + ";\n")


def test_every_file_is_read_and_no_table_refused(record_property: Callable[[str, object], None]) -> None:
    if not FILES:
        pytest.skip(f"no corpus at {CORPUS}; MALLGEN_CORPUS names another place")
    read_ = created = 0
    codes: Counter[str] = Counter()
    mapped: Counter[str] = Counter()
    for path in FILES:
        result = reading(path)
        text = path.read_text(encoding="utf-8-sig")
        names = set(re.findall(r"^CREATE TABLE[ \t]+(?:IF NOT EXISTS[ \t]+)?`?(\w+)`?", text, re.M | re.I))
        codes.update(one.code for one in result.diagnostics)
        mapped.update(ONLY_MYSQL.findall(text))
        if path.name in OTHERS:
            assert {one.code for one in result.diagnostics} == {OTHERS[path.name]}
            assert len(result.diagnostics) == max(len(names), 1)
            assert result.schema.tables == ()
            continue
        assert result.diagnostics == (), path
        assert {table.name for table in result.schema.tables} == names, path
        read_ += len(result.schema.tables)
        created += len(names)
    figure = f"DDL corpus: {len(FILES)} files, {read_} of {created} tables of MySQL read, findings {dict(codes)};"
    record_property("figure", f"{figure} collations that only MySQL 8 has, mapped for MariaDB: {dict(mapped)}")
    assert (len(FILES), read_, created) == (28, 76, 76)


@pytest.mark.parametrize("path", [one for one in FILES if one.name not in OTHERS], ids=lambda one: one.name)
def test_mariadb_has_the_same_columns_and_keys(path: Path, server: MariaDb) -> None:
    result = reading(path)
    server.run(f"DROP DATABASE IF EXISTS {SERVER}; CREATE DATABASE {SERVER}")
    server.run(statements(path), SERVER)
    for database in result.schema.databases:
        ours = [shape(table) for table in result.schema.of(database) if table.database == database]
        theirs = mariadb_shapes(server, database or SERVER)
        assert differences(ours, theirs, [("| json |", "| text(0) |")]) == []
    for database in filter(None, result.schema.databases):
        server.run(f"DROP DATABASE IF EXISTS `{database}`")
