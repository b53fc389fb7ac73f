"""The back office and the shop over sockets: what somebody changes there is what customers see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.admin.service import AdminService
from tests.parts import wait_for
from tests.run.service import Service
from tests.run.shop import Shop

pytestmark = pytest.mark.slow
PRODUCT, OLD, NEW = "/v1/product/7", "34.40", "1.23"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("MALLGEN_QUEUE", str(tmp_path / "queue.db"))
    return Shop(tmp_path)


@pytest.fixture
def office(shop: Shop) -> Iterator[AdminService]:
    running = AdminService(shop.root / "shop" / "product_admin", "product_admin")
    try:
        running.start_with_ann()
        yield running
    finally:
        running.stop()


def price(mall: Service) -> str:
    """Return the price that the shop shows."""
    shown: str = mall.request("GET", PRODUCT).json()["price"]
    return shown


def listed(mall: Service) -> bool:
    """Return whether the shop recommends product 60, the newest."""
    return any(one["id"] == 60 for one in mall.request("GET", "/v1/recommend?ps=5").json()["products"])


def test_the_shop_shows_what_the_back_office_changes(shop: Shop, office: AdminService) -> None:
    with shop.rpc("product"), shop.mall() as mall:
        assert (price(mall), listed(mall)) == (OLD, True)
        assert office.ask("PATCH", PRODUCT, {"price": NEW}).json["price"] == NEW
        assert office.ask("POST", "/v1/product-change", {"keys": [60], "action": "set", "status": 2}).status == 200
        assert price(mall) == OLD, "nobody has told product.rpc, which keeps the row in its cache"
        office.stop()
        with shop.queue(
            "product_queue", "Offset: first\n"
        ):  # messages wait for their consumer, whatever became of who sent them
            wait_for(lambda: price(mall) == NEW and not listed(mall), "the shop shows the new state", 20)


def test_a_change_that_is_refused_is_told_to_nobody(shop: Shop, office: AdminService) -> None:
    with shop.rpc("product"), shop.mall() as mall, shop.queue("product_queue", "Offset: first\n"):
        assert price(mall) == OLD
        assert office.ask("PATCH", PRODUCT, {"price": "cheap"}).status == 400
        assert office.ask("PATCH", PRODUCT, {"price": NEW}, token="").status == 401
        assert office.ask("PATCH", PRODUCT, {"price": "1.24"}).status == 200
        wait_for(lambda: price(mall) != OLD, "the shop shows a new price", 20)
        assert price(mall) == "1.24"
        trail = office.ask("GET", "/v1/admin-audit?table_name=product&row_key=7").json["items"]
        assert [(row["actor"], row["after_row"]["price"]) for row in trail] == [("ann", "1.24")]
