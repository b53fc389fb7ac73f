"""The models of tests/data/sql/models.sql, generated once, and an open database of each kind for them."""

import atexit
import functools
import importlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from mallgen.emit.model.files import model_files, table_set
from mallgen.python.render import Renderer
from mallgen.tables import model
from mallgen.tables.ddl import script
from mallgen.tables.read import DdlSource, read
from mallgen_runtime.cache import Cache
from mallgen_runtime.sql import Database, DataSourceConf, Schema
from tests.conftest import ROOT
from tests.servers import SqlServer

DDL = ROOT / "tests" / "data" / "sql" / "models.sql"
PACKAGE = "made_for_tests"
DIALECTS = {"mysql": model.Dialect.MYSQL, "postgresql": model.Dialect.POSTGRES}


@functools.cache
def tables() -> tuple[model.Table, ...]:
    """Return the tables as they are read."""
    found = read([DdlSource("models.sql", DDL.read_text(encoding="utf-8"))], model.Dialect.MYSQL)
    assert found.diagnostics == (), found.diagnostics
    marked: dict[str, Any] = {"account": {"version": "version"}, "draft": {"deleted": "deleted"}}
    return tuple(table._replace(**marked.get(table.name, {})) for table in found.schema.tables)


@functools.cache
def package() -> str:
    """Write the package of the models and return its name, which can be imported."""
    written(PACKAGE, tables())
    return PACKAGE


def written(name: str, listed: tuple[model.Table, ...]) -> list[str]:
    """Write a package of models, which can be imported then, and return the names of the tables' modules."""
    folder = Path(tempfile.mkdtemp(prefix="mallgen-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / name / "model").mkdir(parents=True)
    for package_folder in (".", "model"):
        (folder / name / package_folder / "__init__.py").touch()
    found = table_set("made", listed)
    assert found.problems == ()
    for file in model_files(found, f"{name}.model", Renderer()):
        (folder / file.path).write_text(file.text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    return [found.names[table.name].module for table in listed]


def schema() -> Schema:
    """Return the generated schema."""
    found: Schema = importlib.import_module(f"{package()}.model.schema").SCHEMA
    return found


class Models(NamedTuple):
    """A database and the generated models on it."""

    db: Database
    everything: Any
    post: Any
    membership: Any
    account: Any
    draft: Any
    wellliked: Any


def models(db: Database, cache: Cache | None = None) -> Models:
    """Return the models on a database, and with a cache."""

    def on(name: str) -> Any:
        module = importlib.import_module(f"{package()}.model.{name}_model")
        return getattr(module, f"{name.capitalize()}Model")(db, cache)

    return Models(db, *(on(name) for name in Models._fields[1:]))


@asynccontextmanager
async def opened(url: str, cache: Cache | None = None, **settings: Any) -> AsyncIterator[Models]:
    """Open a database that has the tables, or a file of SQLite that gets them; the machine may be busy."""
    patient = {"connect_timeout": "30s", "wait_timeout": "30s", **settings}
    db = Database(DataSourceConf(url=url, **patient), schema(), "dev")
    await db.start()
    if cache is not None:
        await cache.start()
    try:
        assert db.state == "ok"
        yield models(db, cache)
    finally:
        if cache is not None:
            await cache.close()
        await db.close()


def filled(server: SqlServer) -> str:
    """Make a database with the tables on a server, and return its URL."""
    url = server.database()
    server.run(script(tables(), DIALECTS[server.scheme]), url.rpartition("/")[2])
    return url
