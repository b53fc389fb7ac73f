"""Databases with one table, `item`, on each of the three."""

from pathlib import Path

import pytest

from mallgen_runtime.sql import IntColumn, Schema, Table, TextColumn

ITEM = Table("item", (IntColumn("id"), TextColumn("name", 20)), ("id",))
SCHEMA = Schema("shop", (ITEM,), 'CREATE TABLE "item" ("id" INTEGER PRIMARY KEY, "name" TEXT NOT NULL)')
DDL = "CREATE TABLE item (id integer PRIMARY KEY, name varchar(20) NOT NULL)"


@pytest.fixture(params=["sqlite", "mariadb", "postgres"])
def source_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database that has, or in dev mode gets, the table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'a.db'}"
    server = request.getfixturevalue(f"{request.param}_server")
    url: str = server.database()
    server.run(DDL, url.rpartition("/")[2])
    return url
