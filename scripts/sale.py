"""The flash sale of the demos: buyers who speak HTTP to the BFF, and a count of what they got that asks no service."""

import asyncio
import json
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import uvloop

from mallgen_runtime import issue_token
from mallgen_runtime.http.conf import JwtConf

PRODUCT, ITEMS, BUYERS, CONNECTIONS = 1, 100, 10_000, 200
PATIENCE = 120.0  # seconds until every buyer must have an answer
DEFINITE = ("bought", "sold_out", "refused", "closed")
FIRST_USER = 1_000_000
Rows = Callable[[str, str], list[tuple[str, ...]]]  # of a database by a statement, as text
_FIGURES = ("http_server_requests_code", "rpc_server_requests_code", "queue_consumer", "http_server_requests_dropped")
_COUNTER = re.compile(rf'^(?:{"|".join(_FIGURES)})_total\{{(.*)\}} (\d+)', re.M)


class Line:
    """A connection of a buyer's browser, which is made again when it breaks."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, token: str, body: Mapping[str, int] | None = None) -> Any:
        """Send a request; return the values of an answer with status 200, and nothing of any other."""
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        try:
            async with asyncio.timeout(10):
                status, answer = await self._exchange(head.encode() + content)
        except (OSError, EOFError, TimeoutError):
            self.close()
            return {}
        return json.loads(answer) if status == 200 else {}

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"\r\ncontent-length: (\d+)", head)
        answer = await reader.readexactly(int(length[1]) if length else 0)
        if b"\r\nconnection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1]), answer

    def close(self) -> None:
        """Break the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Crowd(NamedTuple):
    """Buyers of a product: how many they are, for how many seconds they try, and the number of the first."""

    buyers: int = BUYERS
    product: int = PRODUCT
    patience: float = PATIENCE
    first: int = FIRST_USER


EVERYBODY = Crowd()


async def bought(line: Line, token: str, product: int, deadline: float) -> str:
    """Click until there is an answer, then look until the order is there; return what the buyer knows at the end."""
    state = ""
    while state not in ("accepted", "already"):
        answer = await line.ask("POST", "/v1/flashsale/buy", token, {"product_id": product})
        state = answer.get("state", "")
        if state in ("sold_out", "ended") or time.monotonic() > deadline:
            return state or "no answer"
        if state in ("", "not_started"):
            await asyncio.sleep(random.uniform(0.05, 0.3))
    while state not in DEFINITE and time.monotonic() < deadline:
        state = (await line.ask("GET", f"/v1/flashsale/result?product_id={product}", token)).get("state", "")
        if state not in DEFINITE:
            await asyncio.sleep(0.05)
    return state or "no answer"


async def served(port: int, secret: str, crowd: Crowd) -> Counter[str]:
    """Let all buyers in over some hundred connections; return their last answers."""
    auth = JwtConf(access_secret=secret, access_expire=3600)
    tokens = iter([issue_token(auth, uid=crowd.first + number) for number in range(crowd.buyers)])
    deadline = time.monotonic() + crowd.patience
    answers: Counter[str] = Counter()

    async def browser() -> None:
        line = Line(port)
        for token in tokens:
            answers[await bought(line, token, crowd.product, deadline)] += 1
        line.close()

    await asyncio.gather(*(browser() for _ in range(CONNECTIONS)))
    return answers


def sell(port: int, secret: str, crowd: Crowd = EVERYBODY) -> Counter[str]:
    """Hold the sale, and return the last answers of the buyers."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(served(port, secret, crowd))


def of_files(generated: Path) -> Rows:
    """Return a reader of the SQLite files of the services in a folder."""

    def rows(database: str, statement: str) -> list[tuple[str, ...]]:
        file = generated / database / "data" / f"{database}.db"
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            return [tuple(map(str, row)) for row in connection.execute(statement)]

    return rows


class Count(NamedTuple):
    """The rows of a sale: users by order, the purchases by user with their orders, what is left and what waits."""

    orders: dict[str, str]
    purchases: dict[str, str]
    unsettled: int
    remaining: int
    waiting: int

    @property
    def problems(self) -> list[str]:
        """The sentences for all that is not as it must be."""
        one_each = len(set(self.orders.values())) == len(self.orders)
        kept = {order: user for user, order in self.purchases.items()}
        checks = {
            f"{len(self.orders)} orders": len(self.orders) == ITEMS,
            f"{self.remaining} items are left": self.remaining == 0,
            "a user has two orders": one_each,
            f"{self.unsettled} purchases are not settled": self.unsettled == 0,
            "orders and purchases differ": kept == self.orders,
            f"{self.waiting} messages wait": self.waiting == 0,
        }
        return [said for said, is_right in checks.items() if not is_right]


def count(rows: Rows) -> Count:
    """Count what a sale has left in the databases."""
    orders = rows("order", f"SELECT userid, id FROM orders WHERE requestid LIKE 'seckill-{PRODUCT}-%'")
    purchases = rows("seckill", f"SELECT userid, orderid, status FROM purchase WHERE proid = {PRODUCT}")
    ((remaining,),) = rows("seckill", f"SELECT remaining FROM stock WHERE proid = {PRODUCT}")
    ((waiting,),) = rows("seckill", "SELECT COUNT(*) FROM mallgen_outbox")
    return Count(
        {order: user for user, order in orders},
        {user: order for user, order, status in purchases if status == "2"},
        sum(status != "2" for *_, status in purchases),
        int(remaining),
        int(waiting),
    )


def done(ports: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each service with the requests, calls and messages that its metrics count."""
    for name, port in ports.items():
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        counts: Counter[str] = Counter()
        for labels, number in _COUNTER.findall(text):
            counts[_named(dict(re.findall(r'(\w+)="([^"]*)"', labels)))] += int(number)
        yield f"  {name:<14}" + (
            ", ".join(f"{number} {what}" for what, number in counts.most_common() if number) or "nothing"
        )


def _named(labels: Mapping[str, str]) -> str:
    """Return what a counter counts: a route, RPC or topic, and how it ended where it did not end well."""
    what = (labels.get("path") or labels.get("topic") or labels["method"]).removeprefix("/v1")
    ended = labels.get("reason") or labels["code"]
    return what if ended in ("200", "0") else f"{what} ({ended})"


def show(port: int, secret: str, rows: Rows, ports: Mapping[str, int]) -> int:
    """Hold the sale, print what came of it, and return 1 where it is not as it must be."""
    print(f"\nflash sale: {ITEMS} items of product {PRODUCT}, {BUYERS} buyers on {CONNECTIONS} connections", flush=True)
    began = time.monotonic()
    answers = sell(port, secret)
    seconds = time.monotonic() - began
    print(f"the buyers were told: {told(answers)}; in {seconds:.1f} s, {BUYERS / seconds:.0f} buyers a second")
    found = count(rows)
    users = len(set(found.orders.values()))
    print(f"the databases say: {len(found.orders)} orders of {users} users, {found.remaining} items left")
    print("\nwhat each service did:", *done(ports), sep="\n", flush=True)
    problems = found.problems + missing(answers)
    for problem in problems:
        print(f"WRONG: {problem}", flush=True)
    return 1 if problems else 0


def missing(answers: Mapping[str, int], buyers: int = BUYERS) -> list[str]:
    """Return what is wrong with the last answers of the buyers."""
    wanted = {"bought": ITEMS, "sold_out": buyers - ITEMS}
    return [] if dict(answers) == wanted else [f"the buyers were told {told(answers)}"]


def told(answers: Mapping[str, int]) -> str:
    """Return the answers in words."""
    parts: Sequence[str] = [f"{number} {state.replace('_', ' ')}" for state, number in sorted(answers.items())]
    return ", ".join(parts)
