"""The shop of generated/: its seven routes, its paging, and how it stops."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run.service import Answer, Service
from tests.run.shop import Shop, bff_alone


@pytest.fixture(scope="module")
def mall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Shop(tmp_path_factory.mktemp("mall")).up("Mode: dev") as service:
        yield service


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/v1/home/banner", "banners"),
        ("/v1/flashsale", "products"),
        ("/v1/recommend", "products"),
        ("/v1/category/list", "products"),
        ("/v1/cart/list?uid=3", "products"),
        ("/v1/product/comment?product_id=1", "comments"),
        ("/v1/order/list?uid=7", "orders"),
    ],
)
def test_every_route_answers(mall: Service, path: str, key: str) -> None:
    answer = mall.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json()[key]


@pytest.mark.parametrize("ps", ["10000", "0", "-5", "51", ""])
def test_a_page_size_out_of_bounds_is_twenty(mall: Service, ps: str) -> None:
    assert len(mall.get(f"/v1/recommend?ps={ps}").json()["products"]) == 20


def test_a_page_size_in_bounds_is_taken(mall: Service) -> None:
    assert [len(mall.get(f"/v1/recommend?ps={n}").json()["products"]) for n in (1, 50)] == [1, 50]


def test_pages_go_down_to_the_end_without_gap_or_repeat(mall: Service) -> None:
    seen: list[int] = []
    cursor, is_end = 0, False
    while not is_end:
        page = mall.get(f"/v1/recommend?ps=7&cursor={cursor}").json()
        seen += [product["create_time"] for product in page["products"]]
        cursor, is_end = page["recommend_time"], page["is_end"]
    assert len(seen) == 60
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 60


def test_the_cart_holds_at_most_two_hundred(mall: Service) -> None:
    assert len(mall.get("/v1/cart/list?uid=200").json()["products"]) == 200


def test_chinese_words_are_found(mall: Service) -> None:
    products = mall.get("/v1/category/list?category=数码&sort=stock&ps=3").json()["products"]
    assert {product["category"] for product in products} == {"数码"}
    stocks = [product["stock"] for product in products]
    assert stocks == sorted(stocks, reverse=True)


def test_every_wrong_field_is_told_with_its_place_in_the_contract(mall: Service) -> None:
    answer = mall.get("/v1/order/list?status=1.5&cursor=x&ps=many")
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["errors"] == [
        {"source": "form", "name": "uid", "reason": "is required"},
        {"source": "form", "name": "status", "reason": "must be a whole number"},
        {"source": "form", "name": "cursor", "reason": "must be a whole number"},
        {"source": "form", "name": "ps", "reason": "must be a whole number"},
    ]
    assert problem["code"] == "invalid_request"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["contract"] == "mall.api:189"


def test_int64_is_exact(mall: Service) -> None:
    assert mall.get("/v1/cart/list?uid=9223372036854775807").json() == {"products": []}
    late = mall.get("/v1/recommend?cursor=9223372036854775807")
    assert (late.status, late.json()["detail"]) == (400, "no time has the cursor 9223372036854775807")
    assert mall.get("/v1/recommend?cursor=9223372036854775808").json()["errors"][0]["reason"].startswith("must be from")


def test_unknown_path_wrong_method_and_health(mall: Service) -> None:
    assert mall.get("/v1/nothing").status == 404
    wrong = mall.request("POST", "/v1/recommend")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert mall.get("//v1//recommend/?ps=1").status == 200
    assert mall.get("/healthz").json() == {"status": "ok"}


def test_ids_are_taken_over_and_logged(mall: Service) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "X-Request-Id": "order-1"}
    assert mall.get("/v1/flashsale", headers=headers).headers["x-request-id"] == "order-1"
    line = mall.line_with("order-1")
    assert f'"trace":"{trace}"' in line
    assert '"route":"/v1/flashsale"' in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_request_in_flight_finish(tmp_path: Path, number: signal.Signals) -> None:
    folder = bff_alone(tmp_path)
    logic = folder / "mall_api" / "logic" / "flash_sale_logic.py"
    text = logic.read_text(encoding="utf-8")
    slow = "-> FlashSaleResponse:\n        import asyncio\n\n        await asyncio.sleep(0.8)"
    logic.write_text(text.replace("-> FlashSaleResponse:", slow, 1), encoding="utf-8")
    with Service(folder, "mall_api") as service:
        answers: list[Answer] = []
        thread = threading.Thread(target=lambda: answers.append(service.get("/v1/flashsale")))
        thread.start()
        time.sleep(0.3)
        assert service.stop(number) == 0
        thread.join()
    assert [answer.status for answer in answers] == [200]
