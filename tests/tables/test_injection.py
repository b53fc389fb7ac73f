"""Whatever names, comments, values and defaults of DDL say, the code and the statements have the same structure."""

import ast
import itertools
import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mallgen.emit.model.files import model_files, table_set
from mallgen.output.files import File
from mallgen.python.render import Renderer
from mallgen.tables.ddl import script
from mallgen.tables.model import Dialect, Table
from mallgen.tables.read import DdlSource, read
from mallgen.text.span import Span
from tests.blanked import Interfered, compare
from tests.hostile_texts import PAYLOADS

DDL = """
-- mallgen:list zq9z by kind, sort total desc
CREATE TABLE orders (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'zq0z',
  kind enum('zq1z', 'b') NOT NULL DEFAULT 'zq1z' COMMENT 'says zq2z twice: zq2z',
  marks set('zq3z', 'y') COMMENT '
zq4z above
and below',
  note varchar(2000) NOT NULL DEFAULT 'zq5z' COMMENT 'a long comment that fits behind no attribute, and zq6z in it',
  total decimal(20,2) NOT NULL DEFAULT 0,
  KEY `zq7z` (kind, total)
) COMMENT='zq8z';
"""
MARKERS = tuple(f"zq{number}z" for number in range(9))
TEXT = st.text(st.sampled_from("ab \"'\\\n\r\t#{}%$`();:=[]<>,|/*-\x0b\x0c\x1c\x85\u2028\u2029\u202e\ufeffé商"))


def filled(value: Any, texts: dict[str, str]) -> Any:
    """Return a model whose markers are replaced by other texts."""
    if isinstance(value, str):
        for marker, text in texts.items():
            value = value.replace(marker, text)
        return value
    if isinstance(value, Span):
        return value
    if isinstance(value, tuple):
        made = [filled(item, texts) for item in value]
        return type(value)(*made) if hasattr(value, "_fields") else tuple(made)
    return value


def model() -> Table:
    """Return the table above."""
    result = read([DdlSource("orders.sql", DDL)], Dialect.MYSQL)
    assert result.diagnostics == ()
    return result.schema.tables[0]


def modules(table: Table) -> tuple[File, ...]:
    """Return the modules of a table, that of the statements left out."""
    found = table_set("shop", (table,))
    assert found.problems == ()
    return tuple(one for one in model_files(found, "shop.model", Renderer()) if not one.path.endswith("schema.py"))


MODEL = model()
BENIGN = modules(MODEL)


def judge(texts: dict[str, str]) -> int:
    """Generate with these texts and compare; return the number of texts that were read back exactly."""
    table = filled(MODEL, texts)
    exact = compare(BENIGN, modules(table), texts)
    _statements(table)
    return exact


def _statements(table: Table) -> None:
    """Run the statements that make a table in SQLite: there is one table, with its defaults as they were given."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(script((table,), Dialect.SQLITE))
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).fetchall()
    assert names == [(table.name,)]
    connection.execute('INSERT INTO "orders" ("id") VALUES (1)')
    made = connection.execute('SELECT "kind", "note" FROM "orders"').fetchone()
    assert made == (table.columns[1].default.text, table.columns[3].default.text)  # type: ignore[union-attr]
    connection.close()


@pytest.mark.parametrize("turn", range(len(PAYLOADS)))
def test_payloads_in_every_position(turn: int) -> None:
    known = [text for text in PAYLOADS if "\x00" not in text and "\ud800" not in text]  # no text of a database
    rotated = itertools.islice(itertools.cycle(known), turn, turn + len(MARKERS))
    assert judge(dict(zip(MARKERS, rotated, strict=True))) > 2


def _random_texts(count: int) -> None:
    @settings(max_examples=count)
    @given(st.lists(TEXT, min_size=len(MARKERS), max_size=len(MARKERS), unique=True))
    def read_back(texts: list[str]) -> None:
        judge({marker: f"{number}{text}" for number, (marker, text) in enumerate(zip(MARKERS, texts, strict=True))})

    read_back()


def test_random_texts_in_every_position() -> None:
    _random_texts(30)


@pytest.mark.slow
def test_many_random_texts_in_every_position() -> None:
    _random_texts(300)


def test_the_oracle_sees_an_injection() -> None:
    texts = dict.fromkeys(MARKERS, 'x" + str(1) + "')
    for broken in (lambda value: f'"{value}"', lambda value: repr("other")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mallgen.emit.model.typing.literal", broken)
            with pytest.raises(Interfered):
                judge(texts)


NAMES = [text for text in PAYLOADS if text.strip() and len(text) <= 60]


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("payload", NAMES, ids=range(len(NAMES)))
def test_names_of_tables_columns_and_indexes(payload: str, dialect: Dialect) -> None:
    quote = "`" if dialect is Dialect.MYSQL else '"'
    name = f"{quote}{payload.replace(quote, 2 * quote)}{quote}"
    index = f", UNIQUE KEY {name} ({name}, b)" if dialect is Dialect.MYSQL else ""
    text = f"CREATE TABLE {name} (id int PRIMARY KEY, {name} int NOT NULL, b int NOT NULL{index});"
    text += "" if index else f"CREATE UNIQUE INDEX {name} ON {name} ({name}, b);"
    result = read([DdlSource("x.sql", text)], dialect)
    if any(one.severity == "error" for one in result.diagnostics):
        assert {one.code for one in result.diagnostics} <= {
            "ddl-character",
            "ddl-syntax",
            "ddl-unfinished",
            "ddl-bad-length",
        }
        return
    (table,) = result.schema.tables
    assert (table.name, table.columns[1].name, table.indexes[0].name) == (payload, payload, payload)
    for file in model_files(table_set("shop", (table,)), "shop.model", Renderer()):
        assert "/" not in file.path.removeprefix("shop/model/") and ".." not in file.path
        tree = ast.parse(file.text)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not used & {"__import__", "SystemExit", "os", "exec", "eval", "str"} - {"str"}, payload
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    connection = sqlite3.connect(":memory:")
    connection.executescript(script((table,), Dialect.SQLITE))
    assert connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [(payload,)]
    connection.close()
