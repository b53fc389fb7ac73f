"""Services of ours and of go-zero call each other, through a real etcd, in both directions."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mallgen_runtime.process.errors import HTTP_STATUS, Code
from tests import parts
from tests.interop.building import built
from tests.ports import free_port
from tests.run.service import SECRET, Service
from tests.run.shop import RpcService, Shop, database

pytestmark = pytest.mark.slow
Figure = Callable[[str, object], None]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
LOGIC = """
        if req.user_id < 0:
            raise RpcError(Code(-req.user_id), "boom")
        if req.user_id in (777, 888, 999):
            left = -1 if self.ctx.deadline is None else int((self.ctx.deadline - time.monotonic()) * 1000)
            if req.user_id == 999:
                await asyncio.sleep(30)
            text = f"{self.ctx.metadata.get('traceparent', '')}|{left}" if req.user_id == 777 else "python"
            reply = OrdersResponse()
            only = reply.orders.add()
            only.order_id, only.product_id = text, 1
            return reply
"""


OWN_BREAKER_OFF = "Middlewares:\n  Breaker: false\n"  # that of a route would open before that of the calls


class Both:
    """The shop with an etcd, some of its services in Python and some in Go."""

    def __init__(self, root: Path, etcd: parts.Etcd, program: Path) -> None:
        self.shop = Shop(root)
        self.etcd = etcd
        self.root = root
        self.program = program
        logic = root / "shop" / "order" / "order_rpc" / "logic" / "orders_logic.py"
        head, mark, body = logic.read_text(encoding="utf-8").partition("-> OrdersResponse:")
        assert mark
        text = f"{head}{mark}{LOGIC.rstrip()}{body}"
        imports = "import asyncio\nimport time\n\nfrom mallgen_runtime.rpc import Code, RpcError\n"
        logic.write_text(text.replace("\nfrom ", f"\n{imports}from ", 1), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if name != "MALLGEN_DISCOVERY"}
        self.env = {**environment, "AUTH_ACCESS_SECRET": SECRET, "PAY_NOTIFY_SECRET": SECRET}

    def block(self, key: str) -> str:
        """Return a server's `Etcd` settings."""
        return f"Etcd:\n  Hosts:\n    - {self.etcd.host}\n  Key: {key}.rpc\n"

    def client(self, name: str, key: str) -> str:
        """Return a client's settings, which name the same etcd."""
        return f"{name}:\n" + "".join(f"  {line}\n" for line in self.block(key).splitlines())

    def python(self, key: str) -> RpcService:
        """Return the Python service `order` or `product`, not started yet."""
        folder = self.shop.root / "shop" / key
        settings = f"{database(key)}Log:\n  Access: false\n{self.block(key)}"
        return InEtcd(self.etcd, folder, f"{key}_rpc", self.shop.registry, settings, self.env)

    def go(self, part: str, settings: str = "") -> "Go":
        """Return a service in Go, not started yet."""
        return Go(self, part, settings)

    def mall(self, settings: str = "") -> Service:
        """Return the BFF in Python."""
        settings += self.client("OrderRPC", "order") + self.client("ProductRPC", "product")
        return Service(self.shop.root / "shop" / "mall", "mall_api", settings, env=self.env)


class InEtcd(RpcService):
    """A Python service that registers in etcd."""

    def __init__(self, etcd: parts.Etcd, *rest: object) -> None:
        self._etcd = etcd
        super().__init__(*rest)  # type: ignore[arg-type]

    def registered(self) -> bool:
        return f"127.0.0.1:{self.port}".encode() in self._etcd.keys(f"{self.key}/").values()


class Go(parts.Process):
    """A service of the shop built on go-zero."""

    def __init__(self, both: Both, part: str, more: str) -> None:
        self.port = free_port()
        self.part = part
        self._both = both
        settings = both.root / f"{part}-{self.port}.yaml"
        settings.write_text(more + self._settings(), encoding="utf-8")
        super().__init__([str(both.program), "-f", str(settings), part], both.root / f"{part}-{self.port}.log")

    def _settings(self) -> str:
        quiet = "Log:\n  Stat: false\n  Level: error\nTelemetry:\n  Sampler: 1.0\n"
        if self.part == "bff":
            clients = self._both.client("OrderRPC", "order") + self._both.client("ProductRPC", "product")
            return f"Name: bff\nHost: 127.0.0.1\nPort: {self.port}\n{quiet}{clients}"
        return f"Name: {self.part}.rpc\nListenOn: 127.0.0.1:{self.port}\n{quiet}{self._both.block(self.part)}"

    def __enter__(self) -> "Go":
        self.launch()
        parts.wait_for(self._up, f"{self.part} is up: {self.log.read_text()[-500:]}")
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()
        if self.part != "bff":  # go-zero leaves etcd in a goroutine that the end of the process may overtake
            parts.wait_for(lambda: not self._is_registered(), f"{self.part} has left etcd", 15)

    def _up(self) -> bool:
        assert self.running, self.log.read_text()[-1000:]
        if self.part == "bff":
            return answer(self.port, "/v1/order/list?uid=1")[0] > 0
        return self._is_registered()

    def _is_registered(self) -> bool:
        return f"127.0.0.1:{self.port}".encode() in self._both.etcd.keys(f"{self.part}.rpc/").values()


def answer(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Return status and body of a GET request; status 0 when nothing listens."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        found = connection.getresponse()
        return found.status, found.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


@pytest.fixture(scope="module")
def program() -> Path:
    return built()


@pytest.fixture
def both(tmp_path: Path, etcd: parts.Etcd, program: Path) -> Iterator[Both]:
    for key in ("order.rpc", "product.rpc"):
        assert etcd.keys(f"{key}/") == {}, "the test before has left something"
    yield Both(tmp_path, etcd, program)


def ready(port: int, path: str = "/v1/order/list?uid=1") -> None:
    parts.wait_for(lambda: answer(port, path)[0] == 200, f"{path} answers {answer(port, path)}")


def test_go_calls_python(both: Both) -> None:
    with both.python("order"), both.python("product"), both.go("bff") as bff:
        ready(bff.port)
        orders = json.loads(answer(bff.port, "/v1/order/list?uid=123")[1])["orders"]
        found = {name: orders[0][name] for name in ("order_id", "payment", "product_name")}
        assert found == {"order_id": "20220609123456", "payment": "12.25", "product_name": "测试商品名称"}
        for code in Code:
            if code is not Code.OK:
                status, body = answer(bff.port, f"/v1/order/list?uid={-code}")
                assert (status, "boom" in body) == (HTTP_STATUS.get(code, 500), True), (code, body)
        _check_trace_and_deadline(bff.port, 2000)
        started = time.monotonic()
        status, body = answer(bff.port, "/v1/order/list?uid=999")
        assert (status, "DeadlineExceeded" in body) == (504, True)
        assert 1.5 < time.monotonic() - started < 3.5


def test_python_calls_go(both: Both) -> None:
    with both.go("order"), both.go("product"), both.mall() as mall:
        ready(mall.port)
        order = mall.get("/v1/order/list?uid=123").json()["orders"][0]
        assert (order["order_id"], order["payment"], order["product_name"]) == ("20220609123456", "12.25", "Go 的商品")
        for code in Code:
            if code is not Code.OK:
                found = mall.get(f"/v1/order/list?uid={-code}")
                assert (found.status, found.json()["code"]) == (HTTP_STATUS.get(code, 500), code.name.lower())
        found = mall.get("/v1/order/list?uid=-17")  # a code that gRPC does not have
        assert (found.status, found.json()["code"]) == (500, "unknown")
        order = mall.get("/v1/order/list?uid=404").json()["orders"][0]
        assert (order["product_id"], order["product_name"]) == (999, "")
        _check_trace_and_deadline(mall.port, 2000)
        started = time.monotonic()
        found = mall.get("/v1/order/list?uid=999")
        assert (found.status, found.json()["code"]) == (504, "deadline_exceeded")
        assert 1.5 < time.monotonic() - started < 3.5


def test_what_is_left_of_a_request_is_what_its_calls_may_take(both: Both) -> None:
    with both.python("order"), both.python("product"), both.go("bff", "Timeout: 900\n") as bff:
        ready(bff.port)
        _check_trace_and_deadline(bff.port, 900)
    with both.go("order"), both.go("product"), both.mall("Timeout: 900\n") as mall:
        ready(mall.port)
        _check_trace_and_deadline(mall.port, 900)


def _check_trace_and_deadline(port: int, timeout: int) -> None:
    """Check that trace and flag are the caller's, the span is new, and the deadline is the client's."""
    status, body = answer(port, "/v1/order/list?uid=777", {"traceparent": PARENT})
    assert status == 200, body
    parent, _, left = json.loads(body)["orders"][0]["order_id"].partition("|")
    found = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])", parent)
    assert found, parent
    assert (found[1], found[2] != "00f067aa0ba902b7", found[3]) == (TRACE, True, "01")
    assert timeout - 500 < int(left) <= timeout


def test_instances_of_both_behind_one_key(both: Both) -> None:
    with both.go("order"), both.python("order"), both.python("product"), both.mall() as mall, both.go("bff") as bff:
        for port in (mall.port, bff.port):
            ready(port)
            seen: set[str] = set()
            deadline = time.monotonic() + 15
            while seen != {"go", "python"}:
                assert time.monotonic() < deadline, seen
                body = json.loads(answer(port, "/v1/order/list?uid=888")[1])
                seen.add(body["orders"][0]["order_id"])


def test_a_python_server_leaves_under_load_from_go(both: Both, record_property: Figure) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(both.python("order"))
        stack.enter_context(both.python("order"))
        timer = threading.Timer(2.0, first.process.send_signal, [signal.SIGTERM])
        timer.start()
        said = load(both, 5)
        record_property("figure", f"SIGTERM of a Python server under load from Go: {said.splitlines()[0]}")
        assert "failed 0\n" in said, said
        assert first.process.wait(timeout=10) == 0


def test_a_python_server_is_killed_under_load_from_go(both: Both, record_property: Figure) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(both.python("order"))
        stack.enter_context(both.python("order"))
        timer = threading.Timer(2.0, first.process.kill)
        timer.start()
        said = load(both, 5)
        record_property("figure", f"kill -9 of a Python server under load from Go: {said.splitlines()[0]}")
        failed = int(said.split()[3])
        assert failed <= 16, said  # at most the calls that were on their way to it
    parts.wait_for(lambda: not both.etcd.keys("order.rpc/"), "the key of the killed one ends with its lease", 15)


def test_failures_of_a_python_server_open_the_breaker_of_a_go_client(both: Both) -> None:
    with both.python("order"):
        said = load(both, 2, user=-Code.INTERNAL)
        assert "error rpc error: code = Internal desc = boom" in said
        assert "error circuit breaker is open" in said
    with both.python("order"):
        said = load(both, 2, user=-Code.NOT_FOUND)
        errors = [line for line in said.splitlines() if line.startswith("error ")]
        assert errors == ["error rpc error: code = NotFound desc = boom"], said


def test_failures_of_a_go_server_open_the_breaker_of_a_python_client(both: Both) -> None:
    with both.go("order"), both.go("product"), both.mall(OWN_BREAKER_OFF) as mall:
        ready(mall.port)
        answers = [mall.get(f"/v1/order/list?uid={-Code.INTERNAL}") for _ in range(80)]
        kinds = Counter((answer.status, answer.json().get("detail", "")) for answer in answers)
        reached = kinds.pop((500, ""))
        del kinds[503, "a service that is needed cannot be reached"]  # by our breaker, or by the Go server's own
        assert not kinds, kinds
        assert 5 <= reached < 60
        assert mall.line_with("too many calls of /order.Order/Orders fail; this one was not made")
    with both.go("order"), both.go("product"), both.mall() as mall:
        ready(mall.port)
        answers = [mall.get(f"/v1/order/list?uid={-Code.NOT_FOUND}") for _ in range(80)]
        assert {answer.status for answer in answers} == {404}


def load(both: Both, seconds: int, user: int = 1) -> str:
    """Return the Go client's report after it called order.rpc without a pause for `seconds`."""
    settings = both.root / "load.yaml"
    settings.write_text(f"{both.client('Order', 'order')}Seconds: {seconds}\nCallers: 8\nUserId: {user}\n", "utf-8")
    words = [str(both.program), "-f", str(settings), "load"]
    said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
    return said[said.index("calls ") :]  # go-zero's own lines come before
