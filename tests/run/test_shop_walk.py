"""A user walks through the shop over real sockets, as the page of a shop would."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.parts import wait_for
from tests.run.service import SECRET, Service
from tests.run.shop import Shop, database, environment

pytestmark = pytest.mark.slow
PASSWORD = "correct horse battery staple"
SETTINGS = "Mode: dev\nStatic:\n  - Path: /images\n    Folder: data/images\n"
PNG = b"\x89PNG\r\n\x1a\n and the rest"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield Shop(tmp_path_factory.mktemp("walk"))


@pytest.fixture(scope="module")
def mall(shop: Shop) -> Iterator[Service]:
    orders = shop.queue("order_queue", f"{database('order_queue')}PayTimeout: 8\n")
    products = shop.queue("product_queue")
    with shop.up(SETTINGS) as service, orders, products:
        yield service


class User:
    """Somebody who has logged in."""

    def __init__(self, mall: Service, name: str) -> None:
        self.mall = mall
        self.headers = {"Content-Type": "application/json"}
        body = self.call("POST", "/v1/user/login", {"username": name, "password": PASSWORD})
        self.uid = body["uid"]
        self.headers["Authorization"] = f"Bearer {body['access_token']}"

    def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Send a request; return the values of its answer, which has this status."""
        content = b"" if body is None else json.dumps(body).encode()
        answer = self.mall.request(method, path, body=content, headers=self.headers)
        assert answer.status == status, (method, path, answer)
        return answer.json() if answer.body else None


def test_a_cart_and_an_address(mall: Service) -> None:
    user = User(mall, "小明")
    detail = user.call("GET", "/v1/product/3")
    assert (detail["name"], detail["price"], detail["stock"]) == ("图书 3", "20.40", 997)
    user.call("POST", "/v1/cart", {"product_id": 3, "count": 2})
    assert user.call("PUT", "/v1/cart/3", {"count": 4}) == {"count": 4}
    user.call("PUT", "/v1/cart/4", {"count": 4}, status=404)
    in_cart = user.call("GET", f"/v1/cart/list?uid={user.uid}")["products"]
    assert [one["count"] for one in in_cart if one["product"]["id"] == 3] == [4]
    user.call("DELETE", "/v1/cart/3")
    in_cart = user.call("GET", f"/v1/cart/list?uid={user.uid}")["products"]
    assert 3 not in [one["product"]["id"] for one in in_cart]
    home = {"name": "小明", "phone": "138", "province": "浙江", "city": "杭州", "detail": "西湖 1"}
    number = user.call("POST", "/v1/address", home)["id"]
    other = User(mall, "小红")
    other.call("DELETE", f"/v1/address/{number}")
    assert other.call("GET", "/v1/address")["addresses"] == []
    assert [one["id"] for one in user.call("GET", "/v1/address")["addresses"]] == [number]


HOME = {"name": "小明", "phone": "138", "province": "浙江", "city": "杭州", "detail": "西湖 1"}


def placed(user: User, request: str, product: int, count: int) -> str:
    """Put a product into the cart and order it; return the id of the order."""
    user.call("POST", "/v1/cart", {"product_id": product, "count": count})
    address = user.call("POST", "/v1/address", HOME)["id"]
    body = {"request_id": request, "address_id": address, "product_ids": [product]}
    order: str = user.call("POST", "/v1/order", body)["order_id"]
    assert user.call("POST", "/v1/order", body) == {"order_id": order}, "the same request makes no second order"
    in_cart = user.call("GET", f"/v1/cart/list?uid={user.uid}")["products"]
    assert product not in [one["product"]["id"] for one in in_cart]
    return order


def status(user: User, order: str) -> int:
    """Return the status of an order of a user."""
    orders = user.call("GET", f"/v1/order/list?uid={user.uid}&ps=5")["orders"]
    (found,) = [one["status"] for one in orders if one["order_id"] == order]
    return int(found)


def timed(shop: Shop, user: User, request: str, count: int) -> None:
    """Wait until order_queue has so many timers for a request: none once the time to pay is over."""
    path = shop.root / "shop" / "order_queue" / "data" / "order_queue.db"
    sql = "SELECT COUNT(*) FROM timer WHERE requestid = ?"

    def found() -> int:
        with contextlib.closing(sqlite3.connect(path)) as database:
            return int(database.execute(sql, (f"{user.uid}-{request}",)).fetchone()[0])

    wait_for(lambda: found() == count, f"{count} timers of {request}", 30)


def test_an_order_is_placed_and_paid(shop: Shop, mall: Service) -> None:
    user = User(mall, "小明")
    stock = user.call("GET", "/v1/product/5")["stock"]
    order = placed(user, "paid", 5, 3)
    timed(shop, user, "paid", 1)
    assert status(user, order) == 10
    assert user.call("GET", "/v1/product/5")["stock"] == stock - 3
    User(mall, "小红").call("POST", f"/v1/pay/{order}", status=404)
    payment = user.call("POST", f"/v1/pay/{order}")
    assert payment["amount"] == "82.20"
    notice = json.dumps({"payment_id": payment["payment_id"], "amount": "82.20", "status": "paid"}).encode()
    forged = {"X-Pay-Timestamp": str(int(time.time())), "X-Pay-Signature": "0" * 64}
    assert mall.request("POST", "/v1/pay/notify", notice, forged).status == 401
    assert status(user, order) == 10
    provider = [sys.executable, "-m", "pay_rpc.provider", f"http://127.0.0.1:{mall.port}/v1/pay/notify"]
    for _ in range(2):  # a provider may say it twice
        words = [*provider, payment["payment_id"], payment["amount"]]
        env = {**os.environ, "PAY_NOTIFY_SECRET": SECRET}
        ran = subprocess.run(words, cwd=shop.root / "shop" / "pay", env=env, capture_output=True, check=True)
        assert ran.stdout == b"200\n"
    assert status(user, order) == 20
    timed(shop, user, "paid", 0)  # the time to pay is over, and the order stays
    assert status(user, order) == 20
    assert user.call("GET", "/v1/product/5")["stock"] == stock - 3


def test_an_order_that_is_not_paid_in_time_is_closed_and_its_stock_comes_back(mall: Service) -> None:
    user = User(mall, "小红")
    stock = user.call("GET", "/v1/product/6")["stock"]
    order = placed(user, "late", 6, 2)
    assert user.call("GET", "/v1/product/6")["stock"] == stock - 2
    deadline = time.monotonic() + 20
    while user.call("GET", "/v1/product/6")["stock"] != stock and time.monotonic() < deadline:
        time.sleep(0.2)
    assert user.call("GET", "/v1/product/6")["stock"] == stock
    assert status(user, order) == 60
    user.call("POST", f"/v1/pay/{order}", status=400)


def test_more_than_there_is_cannot_be_ordered(mall: Service) -> None:
    user = User(mall, "小红")
    stock = user.call("GET", "/v1/product/7")["stock"]
    for _ in range(2):
        user.call("POST", "/v1/cart", {"product_id": 7, "count": 999})
    address = user.call("POST", "/v1/address", HOME)["id"]
    body = {"request_id": "much", "address_id": address, "product_ids": [7]}
    problem = user.call("POST", "/v1/order", body, status=400)
    assert problem["detail"] == f"product 7 has {stock} left"
    assert user.call("GET", "/v1/product/7")["stock"] == stock


def test_a_comment_with_an_image(mall: Service) -> None:
    user = User(mall, "小红")
    parts = [
        '--b\r\nContent-Disposition: form-data; name="product_id"\r\n\r\n9\r\n',
        '--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n很好\r\n',
        '--b\r\nContent-Disposition: form-data; name="images"; filename="a.png"\r\n\r\n',
    ]
    body = "".join(parts).encode() + PNG + b"\r\n--b--\r\n"
    headers = {**user.headers, "Content-Type": "multipart/form-data; boundary=b"}
    answer = mall.request("POST", "/v1/product/comment", body, headers)
    assert answer.status == 200, answer
    (shown,) = user.call("GET", "/v1/product/comment?product_id=9")["comments"]
    assert (shown["content"], shown["user"]["name"]) == ("很好", "小红")
    image = mall.get(shown["images"][0]["url"])
    assert (image.body, image.headers["content-type"]) == (PNG, "image/png")


def test_a_row_that_was_written_past_the_services_is_seen_after_a_message(shop: Shop, mall: Service) -> None:
    assert mall.get("/v1/product/10").json()["name"] == "茶杯 10"
    with sqlite3.connect(shop.root / "shop" / "product" / "data" / "product.db") as database:
        database.execute("UPDATE product SET name = '改过的名称' WHERE id = 10")
    assert mall.get("/v1/product/10").json()["name"] == "茶杯 10", "it is in the cache"
    words = [sys.executable, "-m", "mallgen", "rmq", "send", "product_queue.changed", '{"product_id": "10"}']
    folder, env = ROOT / "generated" / "product_queue", environment(shop.registry)
    subprocess.run(words, cwd=folder, env=env, capture_output=True, check=True)
    deadline = time.monotonic() + 20
    while mall.get("/v1/product/10").json()["name"] != "改过的名称" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert mall.get("/v1/product/10").json()["name"] == "改过的名称"
