"""The back offices and the shop over sockets: what somebody changes there is what customers see."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.admin.service import AdminService
from tests.parts import wait_for
from tests.run.service import Service
from tests.run.shop import Shop, database, environment

pytestmark = pytest.mark.slow
PRODUCT, OLD, NEW = "/v1/product/7", "34.40", "1.23"
UNPAID, PAID, TO_SEND = (str(20220609123456 - number) for number in range(3))  # orders of user 123


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def office(shop: Shop) -> Iterator[AdminService]:
    with running(shop, "product_admin") as service:
        yield service


@pytest.fixture
def orders(shop: Shop) -> Iterator[AdminService]:
    with running(shop, "order_admin") as service:
        yield service


@contextmanager
def running(shop: Shop, name: str) -> Iterator[AdminService]:
    """Run a back office with an account."""
    service = AdminService(shop.root / "shop" / name, name)
    service.env["MALLGEN_QUEUE"] = environment(shop.registry)["MALLGEN_QUEUE"]
    try:
        service.start_with_ann()
        yield service
    finally:
        service.stop()


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


def statuses(mall: Service) -> list[int]:
    """Return the status of each of the newest orders of user 123, as the shop shows them."""
    return [one["status"] for one in mall.request("GET", "/v1/order/list?uid=123&ps=3").json()["orders"]]


def step(orders: AdminService, order: str, status: int) -> int:
    """Ask for the next status of an order, and return the status of the answer."""
    return orders.ask("PATCH", f"/v1/orders-row?id={order}", {"status": status}).status


def test_the_shop_lists_orders_as_the_back_office_left_them(shop: Shop, orders: AdminService) -> None:
    with shop.rpc("order"), shop.rpc("product"), shop.mall() as mall:
        assert statuses(mall) == [10, 20, 30]
        assert step(orders, UNPAID, 70) == 200
        many = {"keys": [PAID, TO_SEND], "action": "set", "status": 40}
        assert orders.ask("POST", "/v1/orders-change", many).json == {"changed": 2}
        assert statuses(mall) == [10, 20, 30], "nobody has told order.rpc, which keeps the rows in its cache"
        orders.stop()
        with shop.queue("order_queue", f"Offset: first\n{database('order_queue')}"):
            wait_for(lambda: statuses(mall) == [70, 40, 40], "the shop shows the new states", 20)


def test_a_step_that_there_is_not_changes_nothing(shop: Shop, orders: AdminService) -> None:
    with shop.rpc("order"), shop.rpc("product"), shop.mall() as mall:
        assert [step(orders, UNPAID, status) for status in (20, 60, 30, 40, 50)] == [400, 400, 409, 409, 409]
        assert [step(orders, PAID, status) for status in (10, 70, 50)] == [400, 409, 409]
        assert orders.ask("PATCH", f"/v1/orders-row?id={PAID}", {}).status == 400
        many = {"keys": [PAID, UNPAID], "action": "set", "status": 40}
        assert orders.ask("POST", "/v1/orders-change", many).status == 409
        assert orders.ask("POST", "/v1/orders-change", {**many, "action": "delete"}).status == 400
        for method in ("POST", "DELETE"):
            assert (
                orders.ask(method, "/v1/orders" if method == "POST" else f"/v1/orders-row?id={PAID}", {}).status == 405
            )
        assert step(orders, "nobody's", 30) == 404
        assert orders.ask("GET", "/v1/admin-audit?table_name=orders&row_key=" + PAID).json["items"] == []
        assert statuses(mall) == [10, 20, 30]
