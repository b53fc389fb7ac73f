"""The back offices of the demos: somebody changes a price and sends an order, and the shop shows both."""

import http.client
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

NAME, PRODUCT, ORDER, USER, SENT = "ann", "7", "20220609123455", 123, 40
PATIENCE = 10.0  # seconds until the shop shows a change


class Edit(NamedTuple):
    """A change in a back office: `read` finds its value in what the BFF answers for `page`."""

    office: str
    what: str
    path: str
    table: str
    key: str
    field: str
    value: str | int
    page: str
    read: Callable[[Any], str | int]


EDITS = (
    Edit(
        "product_admin",
        "changes a price",
        f"/v1/product/{PRODUCT}",
        "product",
        PRODUCT,
        "price",
        "1.23",
        f"/v1/product/{PRODUCT}",
        lambda answer: str(answer["price"]),
    ),
    Edit(
        "order_admin",
        "sends a paid order",
        f"/v1/orders-row?id={ORDER}",
        "orders",
        ORDER,
        "status",
        SENT,
        f"/v1/order/list?uid={USER}&ps=2",
        lambda answer: next(int(one["status"]) for one in answer["orders"] if one["order_id"] == ORDER),
    ),
)


class Answer(NamedTuple):
    """The answer to a request."""

    status: int
    values: Any


def create_user(folder: Path, environment: Mapping[str, str], *words: str) -> str:
    """Make the first account of the admin service in a folder, and return its password; `words` follow the name."""
    password = secrets.token_urlsafe(16)
    command = [sys.executable, "-m", folder.name, "createuser", NAME, *words]
    print(f"$ MALLGEN_DEV=1 python {' '.join(command[1:])}", flush=True)
    given = {**environment, "MALLGEN_DEV": "1"}  # makes the tables of accounts in a file of SQLite
    subprocess.run(command, cwd=folder, env=given, input=f"{password}\n", text=True, check=True)
    return password


def ask(port: int, method: str, path: str, body: Any = None, token: str = "") -> Answer:
    """Send a request and return the answer."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return Answer(answer.status, json.loads(text) if text else None)


def log_in(port: int, password: str) -> str:
    """Return the token of a new session. Raises RuntimeError where there is none."""
    answer = ask(port, "POST", "/v1/login", {"name": NAME, "password": password})
    if answer.status != 200:
        raise RuntimeError(f"nobody is logged in: {answer}")
    token: str = answer.values["accessToken"]
    return token


def show(ports: Mapping[str, int], passwords: Mapping[str, str]) -> int:
    """Change something in each back office until the BFF shows it; return 1 where it does not."""
    return max(_show(edit, ports, passwords[edit.office]) for edit in EDITS)


def _show(edit: Edit, ports: Mapping[str, int], password: str) -> int:
    print(f"\nthe back office {edit.what}", flush=True)

    def shown() -> str | int:
        return edit.read(ask(ports["mall"], "GET", edit.page).values)

    before, port = shown(), ports[edit.office]
    token = log_in(port, password)
    body = {edit.field: edit.value}
    changed = ask(port, "PATCH", edit.path, body, token)
    print(f"{edit.office}: PATCH {edit.path} {body} -> {changed.status}", flush=True)
    begun = time.monotonic()
    while (after := shown()) == before and time.monotonic() - begun < PATIENCE:
        time.sleep(0.01)
    print(f"mall: GET {edit.page} showed {before}, and {after} {time.monotonic() - begun:.2f} s later", flush=True)
    trail = ask(port, "GET", f"/v1/admin-audit?table_name={edit.table}&row_key={edit.key}", token=token)
    row = trail.values["items"][-1]
    print(f"the trail: {row['actor']} {row['action']} {row['table_name']} {row['row_key']}", flush=True)
    seen = (changed.status, after, row["actor"], row["after_row"][edit.field])
    return int(seen != (200, edit.value, NAME, edit.value))
