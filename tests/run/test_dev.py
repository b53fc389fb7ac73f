"""mallgen dev: a workspace in one terminal."""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mallgen.dev.service import ServiceProcess, Spec
from mallgen.kinds.kind import JOINED
from tests.conftest import ROOT
from tests.ports import free_port
from tests.run.shop import RPC_SERVICES, seeded

ORDERS = "/v1/order/list?uid=123&ps=1"


class Dev:
    """A copy of the shop's workspace with free ports."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "examples", root / "examples", ignore=shutil.ignore_patterns(".*"))
        shutil.copytree(seeded(), root / "generated")
        shutil.copy(ROOT / "mallgen.toml", root)
        self.ports = {name: free_port() for name in ("mall", "product_admin", "order_admin", *RPC_SERVICES)}
        for name, port in self.ports.items():
            (settings,) = (root / "generated" / name / "etc").glob("*.yaml")
            text = settings.read_text(encoding="utf-8")
            settings.write_text(re.sub(r"\b(888[89]|8890|808\d)\b", str(port), text), encoding="utf-8")
        self.log = root / "dev.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start `mallgen dev` in the background."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*command(), "dev"], cwd=self.root, stdout=log, stderr=log)

    def once(self, *words: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
        """Run `mallgen dev --once …`."""
        return subprocess.run(
            [*command(), "dev", *(["-q"] if quiet else []), "--once", *words],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def until(self, pattern: str, count: int = 1) -> str:
        """Wait until the log matches `pattern` `count` times, and return the log."""
        deadline = time.monotonic() + 25
        while time.monotonic() < deadline:
            text = self.log.read_text(encoding="utf-8")
            if len(re.findall(pattern, text)) >= count:
                return text
            time.sleep(0.05)
        raise AssertionError(f"no {pattern!r} in {self.log.read_text(encoding='utf-8')}")

    def get(self, path: str) -> str:
        """Return the body of the BFF's answer."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['mall']}{path}", timeout=10) as found:
            text: str = found.read().decode()
            return text

    def free(self) -> bool:
        """Return whether nothing listens on any of the ports."""
        for port in self.ports.values():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return False
        return True


def command() -> list[str]:
    return [sys.executable, "-m", "mallgen"]


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Dev]:
    made = Dev(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.send_signal(signal.SIGINT)
        made.process.wait(timeout=10)


def test_once_runs_a_command_when_all_are_up_and_gives_its_exit_code(dev: Dev) -> None:
    script = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode()); sys.exit(7)"
    ran = dev.once(sys.executable, "-c", script, f"http://127.0.0.1:{dev.ports['mall']}{ORDERS}")
    assert ran.returncode == 7, ran.stderr
    assert "测试商品名称" in ran.stdout
    assert "order.rpc listens" in ran.stderr
    assert dev.free()


def test_ctrl_c_stops_all_in_time_and_leaves_nothing(dev: Dev) -> None:
    dev.start()
    dev.until("all 13 services are up")
    assert "测试商品名称" in dev.get(ORDERS)
    assert dev.process is not None
    started = time.monotonic()
    dev.process.send_signal(signal.SIGINT)
    assert dev.process.wait(timeout=10) == 130
    assert time.monotonic() - started < 5
    assert dev.free()
    assert "Traceback" not in dev.log.read_text(encoding="utf-8")


def test_a_service_that_is_stopped_while_it_imports_prints_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "slowly").mkdir()
    (tmp_path / "slowly" / "__init__.py").touch()
    main = "import time\nprint('begun', flush=True)\ntime.sleep(30)\n"
    (tmp_path / "slowly" / "__main__.py").write_text(main, encoding="utf-8")
    said: list[str] = []

    async def work() -> None:
        spec = Spec("slowly", JOINED, str(tmp_path), "slowly", 0, ())
        service = ServiceProcess(spec, str(tmp_path), os.environ, said.append)
        await service.start()
        while not said:
            await asyncio.sleep(0.01)
        await service.stop(10)
        assert not service.running

    asyncio.run(work())
    assert said == ["begun"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent was killed")
def test_nothing_is_left_when_mallgen_itself_is_killed(dev: Dev) -> None:
    dev.start()
    dev.until("all 13 services are up")
    assert dev.process is not None
    dev.process.kill()
    dev.process.wait()
    deadline = time.monotonic() + 10
    while not dev.free():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_changed_code_is_restarted_and_a_changed_contract_generated(dev: Dev) -> None:
    dev.start()
    dev.until("all 13 services are up")
    items = dev.root / "generated" / "product" / "product_rpc" / "items.py"
    written(items, ("name=row.name,", 'name="改过的名称",'))
    dev.until("items.py changed; restarting")
    dev.until("product.rpc listens", 2)
    deadline = time.monotonic() + 10
    while "改过的名称" not in dev.get(ORDERS):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    contract = dev.root / "examples" / "mall.api"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("get /flashsale returns", "get /flash returns"), encoding="utf-8")
    dev.until(r"mall.api changed; generating")
    dev.until("mall-api listens", 2)
    assert "products" in dev.get("/v1/flash")


@pytest.mark.slow
def test_a_wrong_contract_is_told_and_the_services_stay(dev: Dev) -> None:
    dev.start()
    dev.until("all 13 services are up")
    contract = dev.root / "examples" / "mall.api"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("returns (FlashSaleResponse)", "returns (FlashSaleRespons)"), encoding="utf-8")
    dev.until(r"error\[")
    assert "测试商品名称" in dev.get(ORDERS)


@pytest.mark.slow
def test_a_service_that_cannot_start_waits_for_its_mending(dev: Dev) -> None:
    logic = dev.root / "generated" / "order" / "order_rpc" / "logic" / "orders_logic.py"
    text = logic.read_text(encoding="utf-8")
    logic.write_text("import nothing_of_this_name\n" + text, encoding="utf-8")
    ran = dev.once("true")
    assert (ran.returncode, "order         | ended with exit code 1" in ran.stderr) == (3, True)
    quiet = dev.once("true", quiet=True).stderr
    said = ["Traceback (most recent", "named 'nothing_of_this_name'", "ended with exit code 1"]
    places = [quiet.find(words) for words in said]
    assert places == sorted(places) and -1 not in places and "listens" not in quiet, quiet
    dev.start()
    dev.until("order         . ended with exit code 1; waiting for a change")
    logic.write_text(text, encoding="utf-8")
    dev.until("order.rpc listens")


def test_a_taken_port_is_named_with_its_holder_before_anything_starts(dev: Dev) -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", dev.ports["order"]))
        holder.listen(1)
        ran = dev.once("true")
    assert ran.returncode == 3
    assert f"order: port {dev.ports['order']} is taken" in ran.stderr
    if sys.platform == "linux":
        assert f"(process {os.getpid()})" in ran.stderr
    assert "listens" not in ran.stderr


@pytest.mark.slow
def test_secrets_are_supplied_for_the_run(dev: Dev) -> None:
    contract = dev.root / "examples" / "mall.api"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("prefix: /v1\n", "prefix: /v1\n\tjwt: Auth\n"), encoding="utf-8")
    script = "import os; print(len(os.environ['AUTH_ACCESS_SECRET']))"
    ran = dev.once(sys.executable, "-c", script)
    assert (ran.returncode, ran.stdout) == (0, "43\n"), ran.stderr


@pytest.mark.slow
def test_a_command_that_does_not_exist(dev: Dev) -> None:
    ran = dev.once("no-such-command")
    assert ran.returncode == 3
    assert "error[no-command] cannot run no-such-command" in ran.stderr
    assert dev.free()


@pytest.mark.slow
def test_what_a_service_left_behind_ends_with_it(dev: Dev) -> None:
    svc = dev.root / "generated" / "order" / "order_rpc" / "svc.py"
    text = svc.read_text(encoding="utf-8")
    started = 'str(subprocess.Popen(["sleep", "99"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)'
    left = f'import pathlib\nimport subprocess\n\npathlib.Path("left").write_text({started})\n\n'
    svc.write_text(text.replace("from order_rpc.config", f"{left}from order_rpc.config", 1), encoding="utf-8")
    file = dev.root / "generated" / "order" / "left"
    alive = "import os, sys; os.kill(int(open(sys.argv[1]).read()), 0)"
    assert dev.once(sys.executable, "-c", alive, str(file)).returncode == 0
    number = int(file.read_text())
    deadline = time.monotonic() + 5
    while subprocess.run([sys.executable, "-c", alive, str(file)], check=False, capture_output=True).returncode == 0:
        assert time.monotonic() < deadline, f"{number} is still there"
        time.sleep(0.05)


PROTO = """syntax = "proto3";
package pb;
message {0}Req {{}}
message {0}Resp {{ string name = 1; }}
service {0} {{ rpc name_{0}({0}Req) returns ({0}Resp); }}
"""
API = """syntax = "v1"
type Resp {
	Name string `json:"name"`
}
service shop {
	@handler Cat
	get /cat returns (Resp)
	@handler Dog
	get /dog returns (Resp)
}
"""
WORKSPACE = """[service.shop]
contract = "shop.api"
dir = "shop"
uses = ["cat", "dog"]

[service.cat]
contract = "cat.proto"
dir = "cat"

[service.dog]
contract = "dog.proto"
dir = "dog"
"""


def written(path: Path, *pairs: tuple[str, str]) -> None:
    """Replace pieces of a file, each of which it must contain."""
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_two_protos_of_one_package_each_get_their_own_calls(tmp_path: Path) -> None:
    (tmp_path / "mallgen.toml").write_text(WORKSPACE)
    (tmp_path / "shop.api").write_text(API)
    for name in ("cat", "dog"):
        (tmp_path / f"{name}.proto").write_text(PROTO.format(name))
    subprocess.run([*command(), "gen", "-q"], cwd=tmp_path, check=True)
    for name in ("cat", "dog"):
        stub = f'raise NotImplementedError("/pb.{name}/name_{name}")'
        done = f'return {name}Resp(name="{name}")'
        written(tmp_path / name / f"{name}_rpc" / "logic" / f"name_{name}_logic.py", (stub, done))
        calls = f"reply = await self.svc.{name}_rpc.name_{name}({name}Req())\n        return Resp(name=reply.name)"
        written(
            tmp_path / "shop" / "shop_api" / "logic" / f"{name}_logic.py",
            (f'raise NotImplementedError("GET /{name}")', calls),
            ("from shop_api.schemas", f"from shop_api.rpc.{name} import {name}Req\nfrom shop_api.schemas"),
        )
    ports = {"shop": free_port(), "cat": free_port(), "dog": free_port()}
    for name, port in ports.items():
        (settings,) = (tmp_path / name / "etc").glob("*.yaml")
        text = settings.read_text(encoding="utf-8")
        settings.write_text(re.sub(r"\b(8888|8080|8081)\b", str(port), text), encoding="utf-8")
    url = f"http://127.0.0.1:{ports['shop']}"
    script = "import sys, urllib.request as u; print(*(u.urlopen(url).read().decode() for url in sys.argv[1:]))"
    ran = subprocess.run(
        [*command(), "dev", "--once", sys.executable, "-c", script, *[f"{url}/cat", f"{url}/dog"] * 2],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.stdout.split() == ['{"name":"cat"}', '{"name":"dog"}'] * 2, ran.stderr
