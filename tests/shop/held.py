"""A sale whose processes can be killed, on embedded or real parts, with a reader of its tables."""

import shutil
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from mallgen.tables import model
from mallgen.tables.ddl import script
from mallgen.tables.read import DdlSource, read
from tests.conftest import ROOT
from tests.parts import wait_for
from tests.run.service import SECRET
from tests.shop.killed import TIMERS, TOPIC, Places, Processes

sys.path.insert(0, str(ROOT / "scripts"))

import sale


class Sale:
    """The processes of a sale with a reader of their databases."""

    def __init__(self, processes: Processes, rows: sale.Rows) -> None:
        self.processes = processes
        self.rows = rows

    def sold(self) -> int:
        """Return how many items are sold."""
        ((remaining,),) = self.rows("seckill", f"SELECT remaining FROM stock WHERE proid = {sale.PRODUCT}")
        return sale.ITEMS - int(remaining)

    def ordered(self) -> int:
        """Return how many orders there are."""
        ((count,),) = self.rows("order", "SELECT COUNT(*) FROM orders")
        return int(count)


@pytest.fixture(params=["embedded", "real"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sale]:
    """Return a sale whose processes are up, on embedded parts or on MariaDB, Redis and Kafka."""
    shop = tmp_path / "shop"
    shutil.copytree(ROOT / "generated", shop, ignore=shutil.ignore_patterns(".*", "__pycache__", "data"))
    places, rows = _embedded(shop) if request.param == "embedded" else _real(request)
    processes = Processes(shop, tmp_path, places)
    processes.seed()
    for name in ("seckill", "order", "seckill_queue", "mall"):
        processes.start(name)
    made = Sale(processes, rows)
    try:
        wait_for(lambda: _is_ready(made), "the shop is open", 30)
        yield made
        ends = processes.stop()
        assert {*ends.values()} <= {0, -signal.SIGTERM}, f"{ends}; one that has just begun may end by the signal itself"
    finally:
        for process in processes.running.values():
            process.kill()


def _is_ready(made: Sale) -> bool:
    """Return whether the BFF reaches seckill.rpc, and order.rpc has its tables."""
    answers = sale.sell(made.processes.port, SECRET, sale.Crowd(buyers=1, product=2, patience=1))
    return dict(answers) == {"bought": 1}


def _embedded(shop: Path) -> tuple[Places, sale.Rows]:
    return Places(lambda name: f"sqlite:///data/{name}.db"), sale.of_files(shop)


def _real(request: pytest.FixtureRequest) -> tuple[Places, sale.Rows]:
    server, mark = request.getfixturevalue("mariadb_server"), uuid.uuid4().hex
    urls = {name: server.database() for name in ("seckill", "order", "order_queue")}
    sources = [DdlSource(path.name, path.read_text("utf-8")) for path in sorted((ROOT / "examples/sql").glob("*.sql"))]
    schema = read(sources, model.Dialect.MYSQL).schema
    for name, url in urls.items():
        tables = tuple(table._replace(database="") for table in schema.of(name))
        server.run(script(tables, model.Dialect.MYSQL), url.rpartition("/")[2])

    def rows(database: str, statement: str) -> list[tuple[str, ...]]:
        found = server.run(statement, urls[database].rpartition("/")[2])
        return [tuple(line.split("\t")) for line in found.splitlines()]

    redis = request.getfixturevalue("redis_server").host
    brokers = f"Brokers: [{request.getfixturevalue('kafka_server').host}]"
    places = Places(
        urls.__getitem__,
        f"CacheRedis:\n  - Host: {redis}\nCacheOptions:\n  Prefix: t{mark}",
        f"SeckillQueue:\n  {brokers}\n  Topics:\n    {TOPIC}: t{mark}",
        f"{brokers}\nGroup: g{mark}\nOrderRequested:\n  Topic: t{mark}\n"
        f"OrderQueue:\n  {brokers}\n  Topics:\n    {TIMERS}: p{mark}",
        f"{brokers}\nGroup: o{mark}\nPlaced:\n  Topic: p{mark}",
    )
    return places, rows
