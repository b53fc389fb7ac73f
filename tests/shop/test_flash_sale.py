"""A flash sale in which any process is killed in the middle: as many orders as items, and an answer for every buyer."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import ROOT
from tests.parts import wait_for
from tests.run.service import SECRET
from tests.shop.held import Sale

sys.path.insert(0, str(ROOT / "scripts"))

import sale

pytestmark = pytest.mark.slow
BUYERS = 4000
FEW = 70  # of them come before the first kill: there are items for all of these, however late it comes
MARKS = [20, 50, 80]


@pytest.mark.parametrize("victim", ["seckill", "order", "seckill_queue", "mall"])
def test_a_killed_process_costs_no_item_and_no_answer(held: Sale, victim: str) -> None:
    progress = held.sold if victim in ("seckill", "mall") else held.ordered
    port = held.processes.port
    with ThreadPoolExecutor(2) as pool:
        few = pool.submit(sale.sell, port, SECRET, sale.Crowd(FEW))
        seen = held.processes.kill_at(victim, progress, MARKS[:1])
        others = pool.submit(sale.sell, port, SECRET, sale.Crowd(BUYERS - FEW, first=sale.FIRST_USER + FEW))
        seen += held.processes.kill_at(victim, progress, MARKS[1:])
        answers = few.result() + others.result()
    assert seen[0] < sale.ITEMS, f"it was killed in the middle, at {seen}"
    assert not sale.missing(answers, BUYERS)
    wait_for(lambda: not sale.count(held.rows).problems, "all is settled", 30)
