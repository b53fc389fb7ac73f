"""The back office of the demos: somebody changes a price, and the shop shows it."""

import http.client
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

NAME, PRODUCT, PRICE = "ann", 7, "1.23"
PATIENCE = 10.0  # seconds until the shop shows a new price


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


def shown(port: int) -> str:
    """Return the price that the BFF shows."""
    price: str = ask(port, "GET", f"/v1/product/{PRODUCT}").values["price"]
    return price


def show(ports: Mapping[str, int], password: str) -> int:
    """Change a price in the back office until the BFF shows it; return 1 where it does not."""
    print("\nthe back office changes a price", flush=True)
    before = shown(ports["mall"])
    token = log_in(ports["product_admin"], password)
    path = f"/v1/product/{PRODUCT}"
    changed = ask(ports["product_admin"], "PATCH", path, {"price": PRICE}, token)
    print(f"product_admin: PATCH {path} {{'price': '{PRICE}'}} -> {changed.status}", flush=True)
    begun = time.monotonic()
    while (after := shown(ports["mall"])) == before and time.monotonic() - begun < PATIENCE:
        time.sleep(0.01)
    print(f"mall: GET {path} showed {before}, and {after} {time.monotonic() - begun:.2f} s later", flush=True)
    trail = ask(ports["product_admin"], "GET", f"/v1/admin-audit?table_name=product&row_key={PRODUCT}", token=token)
    row = trail.values["items"][-1]
    print(f"the trail: {row['actor']} {row['action']} {row['table_name']} {row['row_key']}", flush=True)
    return int((changed.status, after, row["actor"], row["after_row"]["price"]) != (200, PRICE, NAME, PRICE))
