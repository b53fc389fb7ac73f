"""Tables of two versions: no change, no finding; and each kind of change has its effect on any table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mallgen.breaking import RULES, ServiceChange
from mallgen.breaking.tables import TablesChange
from mallgen.diagnostics import Diagnostic
from mallgen.tables.model import Base, Column, ColumnType, Schema, Table
from mallgen.tables.read import DdlSource, read
from tests.conftest import ROOT

OWN = sorted([*(ROOT / "tests" / "data" / "sql").glob("*.sql"), ROOT / "examples" / "sql" / "data.sql"])
NEW = "zzz_new"
CREATE = "CREATE TABLE t (id bigint PRIMARY KEY, {});"


def schema(path: Path) -> Schema:
    return read([DdlSource(str(path), path.read_text(encoding="utf-8", errors="replace"))]).schema


def judged(old: Schema, new: Schema) -> list[Diagnostic]:
    """Return the findings of all rules."""
    change = ServiceChange(tables=TablesChange(old, new, "main", {}))
    return [found.diagnostic for found in RULES.run(change, tuple(RULES.rules().values()))]


def codes(old: str, new: str) -> set[str]:
    before, after = (read([DdlSource("t.sql", text)]).schema for text in (old, new))
    return {found.code for found in judged(before, after)}


def tables(path: Path) -> Iterator[tuple[Table, Schema]]:
    """Yield the tables of a file, each alone."""
    yield from ((table, Schema((table,))) for table in schema(path).tables if not table.select)


def same(path: Path) -> None:
    found = schema(path)
    assert judged(found, found) == []
    assert judged(found, schema(path)) == []
    assert judged(found, Schema(found.tables[::-1])) == []


def test_every_table_of_the_corpus_is_the_same_as_itself(corpus: Path) -> None:
    paths = sorted(corpus.rglob("*.sql"))
    for path in paths:
        same(path)
    assert len(paths) > 20


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_our_tables_are_the_same_as_themselves(path: Path) -> None:
    same(path)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_order_of_columns_and_indexes_does_not_matter(path: Path) -> None:
    for table, alone in tables(path):
        turned = table._replace(columns=table.columns[::-1], indexes=table.indexes[::-1])
        assert judged(alone, Schema((turned,))) == [], table.name


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_a_column_that_may_be_null_breaks_nothing(path: Path) -> None:
    for table, alone in tables(path):
        column = Column(NEW, ColumnType(Base.TEXT, "varchar(7)", length=7), table.span)
        found = judged(alone, Schema((table._replace(columns=(*table.columns, column)),)))
        assert [(one.code, one.severity) for one in found] == [("column-added", "info")]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_a_dropped_column_is_an_error(path: Path) -> None:
    for table, alone in tables(path):
        for column in table.columns:
            found = judged(alone, Schema((without(table, column.name),)))
            named = [one for one in found if one.code == "column-dropped" and f"`{column.name}`" in one.message]
            assert [one.severity for one in named] == ["error"], (table.name, column.name)


def without(table: Table, name: str) -> Table:
    """Return a table without a column and all that names it."""
    return table._replace(
        columns=tuple(one for one in table.columns if one.name != name),
        key=tuple(one for one in table.key if one != name),
        indexes=tuple(one for one in table.indexes if name not in one.columns and name not in one.spelt),
        foreign_keys=tuple(one for one in table.foreign_keys if name not in one.columns),
        lists=tuple(one for one in table.lists if name not in (*one.by, one.sort)),
        checks=(),
        check_names=(),
    )


def test_a_renamed_column_takes_its_keys_along() -> None:
    text = """CREATE TABLE t (
        id bigint PRIMARY KEY, {name} int NOT NULL, kind varchar(9), twice int AS ({name} * 2) STORED,
        KEY ix ({name}, kind), KEY part ((lower(kind)), {name}), CHECK ({name} > 0), CHECK (kind <> 'price'),
        FOREIGN KEY ({name}) REFERENCES t (id)
    );"""
    assert codes(text.format(name="price"), text.format(name="cost")) == {"column-renamed"}
    assert codes(text.format(name="`the price`"), text.format(name="cost")) == {"column-renamed"}


def test_a_renamed_table_takes_references_and_views_along() -> None:
    text = """CREATE TABLE {name} (id bigint PRIMARY KEY, up bigint, FOREIGN KEY (up) REFERENCES {name} (id));
        CREATE TABLE other (id bigint PRIMARY KEY, x bigint, FOREIGN KEY (x) REFERENCES {name} (id));
        CREATE VIEW v AS SELECT id FROM {name};"""
    assert codes(text.format(name="t"), text.format(name="item")) == {"table-renamed"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a int, b int", "c int, d int"),  # which is which
        ("a int", "b bigint"),
        ("a int, x text, b int", "x text, b int, c int"),
    ],
)
def test_a_guess_hides_no_drop(old: str, new: str) -> None:
    found = codes(CREATE.format(old), CREATE.format(new))
    assert "column-dropped" in found and "column-renamed" not in found


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("a int", "a bigint", "column-widened"),
        ("a bigint", "a int", "column-narrowed"),
        ("a int", "a int unsigned", "column-narrowed"),
        ("a int unsigned", "a bigint", "column-widened"),
        ("a decimal(8,2)", "a decimal(10,2)", "column-widened"),
        ("a decimal(8,2)", "a decimal(10,4)", "column-widened"),
        ("a decimal(8,2)", "a decimal(8,4)", "column-narrowed"),
        ("a float", "a double", "column-widened"),
        ("a double", "a float", "column-narrowed"),
        ("a varchar(9)", "a text", "column-widened"),
        ("a text", "a varchar(9)", "column-narrowed"),
        ("a longtext", "a text", "column-narrowed"),
        ("a datetime(3)", "a datetime", "column-narrowed"),
        ("a datetime", "a timestamp NULL", "column-type-changed"),
        ("a date", "a datetime", "column-type-changed"),
        ("a int", "a decimal(20,0)", "column-type-changed"),
        ("a json", "a text", "column-type-changed"),
        ("a set('x','y')", "a set('x','y','z')", "column-enum-value-added"),
        ("a varchar(9)", "a varbinary(9)", "column-type-changed"),
        ("a int DEFAULT 0", "a varchar(9) DEFAULT '0'", "column-type-changed"),
        ("a int", "a varchar(9) CHARACTER SET latin1", "column-type-changed"),
    ],
)
def test_a_type_has_one_finding(old: str, new: str, code: str) -> None:
    assert codes(CREATE.format(old), CREATE.format(new)) == {code}
