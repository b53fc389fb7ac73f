"""A user walks through the shop over real sockets, as the page of a shop would."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.run.service import Service
from tests.run.shop import Shop

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield Shop(tmp_path_factory.mktemp("walk"))


@pytest.fixture(scope="module")
def mall(shop: Shop) -> Iterator[Service]:
    with shop.up("Mode: dev") as service:
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
