"""Tables that want to break what is made of them: the databases take them, and so do Python and mypy."""

import ast
import importlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mallgen.emit.model.files import model_files, table_set
from mallgen.python.render import Renderer
from mallgen.tables.ddl import script
from mallgen.tables.model import Dialect, Table
from mallgen.tables.read import DdlSource, Read, read
from tests.conftest import ROOT
from tests.servers import MariaDb, Postgres
from tests.tables.live import differences, mariadb_shapes, shape
from tests.tables.test_postgres_tables import server_shapes

FOLDER = ROOT / "tests" / "data" / "sql"
FILES = ("hostile", "hostile_postgres", "hostile_sqlite")
KINDS = (
    "int NOT NULL",
    "varchar(5) NOT NULL DEFAULT ''",
    "datetime",
    "decimal(20,2) NOT NULL DEFAULT 0",
    "bigint unsigned",
)
WIDE = f"CREATE TABLE wide (id int PRIMARY KEY, {', '.join(f'c{at} {KINDS[at % 5]}' for at in range(299))});\n"


def text_of(name: str) -> str:
    """Return a file; that of MySQL has a table of 300 columns too."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8") + (WIDE if name == "hostile" else "")


def reading(name: str) -> Read:
    """Read a file."""
    return read([DdlSource(f"{name}.sql", text_of(name))])


@pytest.mark.parametrize("name", FILES)
def test_they_are_read_without_a_finding(name: str) -> None:
    result = reading(name)
    assert result.diagnostics == ()
    wanted = {"hostile": Dialect.MYSQL, "hostile_postgres": Dialect.POSTGRES, "hostile_sqlite": Dialect.SQLITE}
    assert {table.dialect for table in result.schema.tables} == {wanted[name]}


def test_mariadb_has_the_same(mariadb_server: MariaDb, record_property: Callable[[str, object], None]) -> None:
    database = mariadb_server.database().rpartition("/")[2]
    mariadb_server.run(text_of("hostile"), database)
    tables = [table for table in reading("hostile").schema.tables if not table.select]
    theirs = mariadb_shapes(mariadb_server, database)
    theirs.pop("view")
    assert differences(map(shape, tables), theirs, [("| json |", "| text(0) |")]) == []
    record_property(
        "figure", f"hostile tables: {len(tables)} of MySQL, {sum(len(one.columns) for one in tables)} columns"
    )
    assert len(tables) == 12
    mariadb_server.run(f"DROP DATABASE {database}")


def test_postgres_has_the_same(postgres_server: Postgres) -> None:
    database = postgres_server.database().rpartition("/")[2]
    postgres_server.run(text_of("hostile_postgres"), database)
    tables = [table for table in reading("hostile_postgres").schema.tables if not table.select]
    theirs = server_shapes(postgres_server, database)
    assert len(theirs) == len(tables) == 2
    for table in tables:
        assert differences([shape(table)], {table.name: theirs[f"public.{table.name}"]}) == []


def test_sqlite_takes_all_of_them() -> None:
    for name in FILES:
        connection = sqlite3.connect(":memory:")
        tables = reading(name).schema.tables
        connection.executescript(script(tables, Dialect.SQLITE))
        for table in tables:
            found = [row[1] for row in connection.execute(f"PRAGMA table_xinfo({_quoted(table.name)})")]
            assert found == [column.name for column in table.columns]
        connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def write(folder: Path, package: str, tables: tuple[Table, ...]) -> list[str]:
    """Write the models of tables as a package; return the names of its modules."""
    (folder / package / "model").mkdir(parents=True)
    (folder / package / "__init__.py").touch()
    found = table_set(package, tables)
    assert found.problems == ()
    modules = []
    for file in model_files(found, f"{package}.model", Renderer()):
        (folder / file.path).write_text(file.text, encoding="utf-8")
        ast.parse(file.text)
        modules.append(file.path.removesuffix(".py").replace("/", "."))
    return modules


@pytest.mark.parametrize("name", FILES)
def test_the_modules_are_imported_and_every_column_is_an_attribute(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = reading(name).schema.tables
    modules = write(tmp_path, f"made_of_{name}", tables)
    monkeypatch.syspath_prepend(str(tmp_path))
    columns = 0
    for module in modules:
        found = importlib.import_module(module)
        if hasattr(found, "TABLE") and module.endswith("_gen"):
            described = found.TABLE.columns
            table = next(one for one in tables if one.name == found.TABLE.name)
            assert [column.name for column in described] == [column.name for column in table.columns]
            assert len({column.attr or column.name for column in described}) == len(described)
            columns += len(described)
    assert columns == sum(len(table.columns) for table in tables)


@pytest.mark.slow
def test_mypy_strict_has_nothing_to_say(tmp_path: Path) -> None:
    packages = []
    for name in FILES:
        write(tmp_path, f"made_of_{name}", reading(name).schema.tables)
        packages.append(str(tmp_path / f"made_of_{name}"))
    words = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache")]
    env = {"PATH": "", "MYPYPATH": f"{ROOT / 'runtime'}:{tmp_path}"}
    ran = subprocess.run([*words, *packages], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
