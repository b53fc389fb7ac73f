"""The reader of a sale's tables finds what is not as it must be."""

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import sale

TABLES = """
CREATE TABLE stock (proid, remaining); INSERT INTO stock VALUES (1, 0), (2, 7);
CREATE TABLE purchase (userid, proid, status, orderid);
CREATE TABLE mallgen_outbox (id);
"""
Change = Callable[[sqlite3.Connection, sqlite3.Connection], object]


def counted(folder: Path, change: Change) -> list[str]:
    """Return what is wrong with a good sale after a change of its databases."""
    for name in ("seckill", "order"):
        (folder / name / "data").mkdir(parents=True)
    seckill = sqlite3.connect(folder / "seckill/data/seckill.db")
    order = sqlite3.connect(folder / "order/data/order.db")
    seckill.executescript(TABLES)
    order.execute("CREATE TABLE orders (id, userid, requestid)")
    for user in range(sale.ITEMS):
        seckill.execute("INSERT INTO purchase VALUES (?, 1, 2, ?)", (user, f"A{user}"))
        order.execute("INSERT INTO orders VALUES (?, ?, ?)", (f"A{user}", user, f"seckill-1-{user}"))
    order.execute("INSERT INTO orders VALUES ('B', 1, 'from elsewhere')")
    change(seckill, order)
    for database in (seckill, order):
        database.commit()
        database.close()
    return sale.count(sale.of_files(folder)).problems


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (lambda seckill, order: None, []),
        (lambda seckill, order: seckill.execute("UPDATE stock SET remaining = 1"), ["1 items are left"]),
        (lambda seckill, order: seckill.execute("INSERT INTO mallgen_outbox VALUES (1)"), ["1 messages wait"]),
        (
            lambda seckill, order: seckill.execute("UPDATE purchase SET status = 1 WHERE userid = 3"),
            ["1 purchases are not settled", "orders and purchases differ"],
        ),
        (
            lambda seckill, order: order.execute("INSERT INTO orders VALUES ('C', 3, 'seckill-1-3')"),
            ["101 orders", "a user has two orders", "orders and purchases differ"],
        ),
        (
            lambda seckill, order: order.execute("UPDATE orders SET id = 'C' WHERE userid = 3"),
            ["orders and purchases differ"],
        ),
    ],
)
def test_a_sale_that_went_wrong_is_found(tmp_path: Path, change: Change, problems: list[str]) -> None:
    assert counted(tmp_path, change) == problems


def test_answers_are_wrong_unless_as_many_bought_as_there_are_items() -> None:
    assert not sale.missing({"bought": 100, "sold_out": 900}, 1000)
    assert sale.missing({"bought": 100, "sold_out": 899, "no answer": 1}, 1000)
    assert sale.missing({"bought": 101, "sold_out": 899}, 1000)
