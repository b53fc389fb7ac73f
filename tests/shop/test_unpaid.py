"""Orders of a flash sale that nobody pays are closed, and their items sold to others, whoever is killed."""

import asyncio
import importlib
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mallgen_runtime.rpc import RpcClientConf, connect
from tests.conftest import ROOT
from tests.parts import wait_for
from tests.run.service import SECRET
from tests.shop.held import Sale

sys.path.insert(0, str(ROOT / "scripts"))

import sale

pytestmark = pytest.mark.slow
BUYERS, PAYING = 300, 40
UNPAID = sale.ITEMS - PAYING
HELD = "SELECT COUNT(*) FROM purchase WHERE status IN (1, 2) AND proid = stock.proid"
BALANCE = f"SELECT remaining, ({HELD}) FROM stock WHERE proid = {sale.PRODUCT}"
ORDERS = f"SELECT userid, id, status FROM orders WHERE requestid LIKE 'seckill-{sale.PRODUCT}-%'"
ENDS = {("2", "20"): "paid", ("2", "10"): "open", ("4", "60"): "closed"}  # by the status of a purchase and its order


def ends(held: Sale) -> Counter[str]:
    """Count the purchases by what has become of them; one that is not as its order says is counted as both."""
    orders = {user: (order, status) for user, order, status in held.rows("order", ORDERS)}
    purchases = held.rows("seckill", f"SELECT userid, orderid, status FROM purchase WHERE proid = {sale.PRODUCT}")
    found = Counter[str]()
    for user, order, status in purchases:
        made, paid = orders.pop(user)
        found[ENDS.get((status, paid), f"{status} and {paid}") if made == order else "of another order"] += 1
    assert not orders, "each order has its purchase"
    return found


@contextmanager
def watched(held: Sale) -> Iterator[set[int]]:
    """Add up, all the while, what is left and what is bought and not closed; the set has the sums that were seen."""
    sums, is_over = set[int](), threading.Event()

    def watch() -> None:
        while not is_over.wait(0.05):
            ((remaining, bought),) = held.rows("seckill", BALANCE)
            sums.add(int(remaining) + int(bought))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield sums
    finally:
        is_over.set()
        watching.join()


def pay(held: Sale, count: int) -> None:
    """Have so many of the open orders paid."""
    pb = importlib.import_module("order_rpc.client")
    wanted = [order for _, order, status in held.rows("order", ORDERS) if status == "10"][:count]
    assert len(wanted) == count

    async def call() -> None:
        channel = connect(RpcClientConf(endpoints=[f"127.0.0.1:{held.processes.order_port}"]), "order.rpc")
        await channel.start()
        client = pb.OrderClient(channel)
        await asyncio.gather(*(client.mark_paid(pb.MarkPaidRequest(order_id=order)) for order in wanted))
        await channel.close()

    asyncio.run(call())


def buy(held: Sale, first: int, count: int = BUYERS) -> Counter[str]:
    """Let buyers in, of whom the first has this number; return their last answers."""
    return sale.sell(held.processes.port, SECRET, sale.Crowd(count, first=first))


def test_what_is_not_paid_is_sold_to_others(held: Sale) -> None:
    held.processes.start("order_queue")

    def closed() -> int:
        return ends(held)["closed"]

    with watched(held) as sums:
        assert buy(held, 1) == {"bought": sale.ITEMS, "sold_out": BUYERS - sale.ITEMS}
        pay(held, PAYING)
        held.processes.kill_at("order_queue", closed, [1, 20])
        held.processes.kill_at("seckill", closed, [30])
        wait_for(lambda: ends(held) == {"paid": PAYING, "closed": UNPAID}, "all that is not paid is closed", 90)
        lapsed = [int(user) for user, _, status in held.rows("order", ORDERS) if status == "60"]
        assert buy(held, lapsed[0], 1) == {"closed": 1}, "one for each user"
        assert buy(held, 1001) == {"bought": UNPAID, "sold_out": BUYERS - UNPAID}
        pay(held, UNPAID)
        wait_for(lambda: not held.rows("order_queue", "SELECT 1 FROM timer"), "no order is watched any more", 60)
    assert sums == {sale.ITEMS}
    assert ends(held) == {"paid": sale.ITEMS, "closed": UNPAID}
    assert held.sold() == sale.ITEMS
