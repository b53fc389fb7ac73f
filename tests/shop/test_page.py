"""docs/shop.md shows code as it is."""

import re

import pytest

from tests.conftest import ROOT

SHOWN = re.compile(r"^```python (?P<path>\S+)\n(?P<code>.*?)^```$", re.M | re.S)
PAGE = (ROOT / "docs" / "shop.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("shown", [*SHOWN.finditer(PAGE)], ids=lambda shown: shown["path"].rpartition("/")[2])
def test_what_the_page_shows_is_in_the_file(shown: re.Match[str]) -> None:
    assert shown["code"] in (ROOT / shown["path"]).read_text(encoding="utf-8")


def test_the_page_shows_both_sagas_whole_and_the_back_offices() -> None:
    sagas = ["seckill"] * 4 + ["seckill_queue", "seckill", "mall", "order_queue", "pay"]
    shown = [*sagas, "product_admin", "product_queue", "order_admin"]
    assert [match["path"].split("/")[1] for match in SHOWN.finditer(PAGE)] == shown
