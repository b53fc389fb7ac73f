"""The article's chain: BFF → order.rpc and product.rpc, and what happens when a link of it fails."""

import signal
import time
from pathlib import Path

import pytest

from tests.run.service import Service
from tests.run.shop import Shop

LIST = "/v1/order/list?uid=123&ps=2"
FIELDS = {
    "order_id",
    "status",
    "quantity",
    "payment",
    "total_price",
    "create_time",
    "product_id",
    "product_name",
    "product_image",
    "product_description",
}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def until(mall: Service, status: int) -> None:
    """Wait until the order list answers with a status; the BFF reads the registry ten times a second."""
    deadline = time.monotonic() + 5
    while mall.get(LIST).status != status:
        assert time.monotonic() < deadline, mall.get(LIST)
        time.sleep(0.05)


def test_the_order_list_comes_through_both_services(shop: Shop) -> None:
    with shop.up() as mall:
        found = mall.get(LIST).json()
        assert set(found["orders"][0]) == FIELDS
        assert found["orders"][0]["order_id"] == "20220609123456"
        assert found["orders"][0]["product_name"] == "测试商品名称"
        assert found["is_end"] is False
        rest = mall.get(f"/v1/order/list?uid=123&ps=50&cursor={found['order_time']}").json()
        assert (len(rest["orders"]), rest["is_end"]) == (38, True)


def test_an_order_stays_when_its_product_is_gone_and_nobody_is_asked_for_no_orders(shop: Shop) -> None:
    with shop.rpc("order"), shop.rpc("product") as product, shop.mall() as mall:
        order = mall.get("/v1/order/list?uid=404&ps=1").json()["orders"][0]
        assert (order["product_id"], order["product_name"]) == (999, "")
        before = product.lines().count("[RPC]")
        nothing = {"orders": [], "is_end": True, "order_time": 0, "last_id": ""}
        assert mall.get("/v1/order/list?uid=0").json() == nothing
        assert product.lines().count("[RPC]") == before


def test_a_service_that_is_down_is_a_503_at_once_and_is_found_when_it_is_back(shop: Shop) -> None:
    with shop.rpc("product"), shop.mall() as mall:
        started = time.monotonic()
        answer = mall.get(LIST)
        assert (answer.status, answer.json()["code"]) == (503, "unavailable")
        assert time.monotonic() - started < 1
        assert mall.get("/v1/recommend").status == 200
        with shop.rpc("order"):
            until(mall, 200)
        until(mall, 503)


def test_a_slow_service_is_a_504_after_the_clients_timeout(shop: Shop) -> None:
    with shop.rpc("order"), shop.rpc("product") as product, shop.mall("ProductRPC:\n  Timeout: 400") as mall:
        assert mall.get(LIST).status == 200
        product.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        answer = mall.get(LIST)
        taken = time.monotonic() - started
        product.process.send_signal(signal.SIGCONT)
        assert (answer.status, answer.json()["code"]) == (504, "deadline_exceeded")
        assert 0.3 < taken < 1.5


def test_one_trace_goes_through_all_three(shop: Shop) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "X-Request-Id": "seen-everywhere"}
    with shop.rpc("order") as order, shop.rpc("product") as product, shop.mall() as mall:
        assert mall.request("GET", LIST, headers=headers).status == 200
        for service in (order, product):
            line = next(line for line in service.lines().splitlines() if "[RPC]" in line)
            assert trace in line
            assert "seen-everywhere" in line


@pytest.mark.slow
def test_endpoints_and_targets_need_no_registry(shop: Shop) -> None:
    with shop.rpc("order") as order, shop.rpc("product") as product:
        settings = (
            f"OrderRPC:\n  Endpoints:\n    - localhost:{order.port}\n"
            f"ProductRPC:\n  Target: dns:///localhost:{product.port}"
        )
        for found in (order, product):
            found.forget()
        with shop.mall(settings) as mall:
            assert mall.get(LIST).status == 200


@pytest.mark.slow
def test_who_must_have_a_service_does_not_start_without_it(shop: Shop) -> None:
    settings = "OrderRPC:\n  NonBlock: false\n  Timeout: 300"
    with pytest.raises(AssertionError) as problem, shop.mall(settings):
        pass
    said = str(problem.value)
    assert "ended with 3" in said
    assert "error[config] order.rpc cannot be reached within 0.3 s; start it, or set NonBlock: true" in said
    assert "Traceback" not in said
    with shop.rpc("order"), shop.rpc("product"), shop.mall(settings) as mall:
        assert mall.get(LIST).status == 200


def test_readiness_tells_which_service_is_missing(shop: Shop) -> None:
    missing = ("order", "cart", "user", "reply", "seckill", "pay")
    with shop.rpc("product"), shop.mall() as mall:
        assert mall.get("/readyz").json() == {
            "status": "degraded",
            "service": "ok",
            "product.rpc": "ok",
            "order_queue.rmq": "ok",
            **{f"{name}.rpc": "degraded" for name in missing},
        }
