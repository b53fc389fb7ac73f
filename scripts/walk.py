"""The walk of the demos: a user logs in, fills a cart, orders, and pays at the simulated provider."""

import http.client
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

NAME, PASSWORD, PRODUCT = "小明", "correct horse battery staple", 5
HOME = {"name": "小明", "phone": "13800000000", "province": "浙江", "city": "杭州", "detail": "西湖 1"}
UNPAID, PAID = 10, 20


class Browser:
    """Sends requests to the BFF, with the token of a login, and prints them with their answers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._headers = {"Content-Type": "application/json"}

    def log_in(self) -> int:
        """Log in; return the id of the user."""
        found = self.call("POST", "/v1/user/login", {"username": NAME, "password": PASSWORD})
        self._headers["Authorization"] = f"Bearer {found['access_token']}"
        return int(found["uid"])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request; return the values of the answer. Raises RuntimeError for one that is not 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        content = None if body is None else json.dumps(body).encode()
        connection.request(method, path, content, self._headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        print(f"{method} {path} -> {answer.status} {text if len(text) < 100 else f'{text[:100]} …'}", flush=True)
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {text}")
        return json.loads(text) if text else None


def show(port: int, pay: Path) -> int:
    """Walk from the login to the paid order; return 1 where that is not so. `pay` is the folder of pay.rpc."""
    print("\na user logs in, fills a cart, orders and pays", flush=True)
    browser = Browser(port)
    user = browser.log_in()
    browser.call("GET", f"/v1/product/{PRODUCT}")
    browser.call("POST", "/v1/cart", {"product_id": PRODUCT, "count": 2})
    address = browser.call("POST", "/v1/address", HOME)["id"]
    wanted = {"request_id": "demo", "address_id": address, "product_ids": [PRODUCT]}
    order = browser.call("POST", "/v1/order", wanted)["order_id"]
    before = status(browser, user, order)
    payment = browser.call("POST", f"/v1/pay/{order}")
    url = f"http://127.0.0.1:{port}/v1/pay/notify"
    words = ["-m", "pay_rpc.provider", url, payment["payment_id"], payment["amount"]]
    print(f"$ python {' '.join(words)}", flush=True)
    subprocess.run([sys.executable, *words], cwd=pay, check=True)
    after = status(browser, user, order)
    print(f"the order's status was {before} and is {after}", flush=True)
    return int((before, after) != (UNPAID, PAID))


def status(browser: Browser, user: int, order: str) -> int:
    """Return the status of an order."""
    orders = browser.call("GET", f"/v1/order/list?uid={user}&ps=1")["orders"]
    return next((int(one["status"]) for one in orders if one["order_id"] == order), 0)
