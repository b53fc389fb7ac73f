"""`make load` for two seconds: each route of the running shop has a line of figures, each service its memory."""

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_each_route_and_each_service_has_its_figures() -> None:
    words = [sys.executable, "benchmarks/load_shop.py", "2"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = re.findall(r"^(/v1/\S+|all) +(\d+)(?: +\d+\.\d){3} +(\d+) +(\d+)$", done.stdout, re.M)
    assert len(rows) > 8
    assert all(int(requests) > 5 and int(others) == 0 for _, requests, _, others in rows)
    memory = re.findall(r"^(\w+_(?:rpc|api|rmq)) +\d+\.\d +(\d+)\.\d$", done.stdout, re.M)
    assert {"mall_api", "order_rpc", "seckill_queue_rmq"} <= {name for name, _ in memory}
    assert all(int(size) > 10 for _, size in memory)
