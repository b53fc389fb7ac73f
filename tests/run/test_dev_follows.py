"""mallgen dev follows changes of mallgen.toml, and changes of the calls that its services need."""

import signal
import socket
import subprocess
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.run.test_dev import Dev, command, written

pytestmark = pytest.mark.slow


class Fresh(Dev):
    """A project made by `mallgen new`, with free ports."""

    def __init__(self, root: Path) -> None:
        subprocess.run([*command(), "new", "shop", "-q"], cwd=root, check=True)
        self.root = root / "shop"
        self.ports = {"mall": free_port(), "greeter": free_port(), "other": free_port()}
        services = self.root / "services"
        written(services / "shop-api" / "etc" / "shop-api.yaml", ("8888", str(self.ports["mall"])))
        written(services / "greeter" / "etc" / "greeter.yaml", ("8080", str(self.ports["greeter"])))
        self.log = self.root / "dev.log"
        self.process = None

    @property
    def toml(self) -> Path:
        return self.root / "mallgen.toml"

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Fresh]:
    made = Fresh(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.send_signal(signal.SIGINT)
        made.process.wait(timeout=10)


def other(root: Path, port: int) -> str:
    """Write a second contract and its settings; return its section of mallgen.toml."""
    text = (root / "contracts" / "greeter.proto").read_text(encoding="utf-8")
    text = text.replace("greeter", "other").replace("Greeter", "Other")
    (root / "contracts" / "other.proto").write_text(text, encoding="utf-8")
    etc = root / "services" / "other" / "etc"
    etc.mkdir(parents=True)
    (etc / "other.yaml").write_text(f"Name: other.rpc\nListenOn: 127.0.0.1:{port}\n", encoding="utf-8")
    return '\n[service.other]\ncontract = "contracts/other.proto"\ndir = "services/other"\n'


def test_services_that_come_and_go_in_mallgen_toml(fresh: Fresh) -> None:
    fresh.start()
    fresh.until("all 2 services are up")
    before = fresh.toml.read_text(encoding="utf-8")
    added = before.replace('uses = ["greeter"]', 'uses = ["greeter", "other"]') + other(
        fresh.root, fresh.ports["other"]
    )
    assert added.count("other") > 3
    fresh.toml.write_text(added, encoding="utf-8")
    fresh.until("other    . other.rpc listens")
    fresh.until("all 3 services are up")
    fresh.until("shop-api . services/shop-api/.* changed; restarting")
    assert (fresh.root / "services" / "shop-api" / "shop_api" / "rpc" / "other.py").is_file()
    fresh.until("shop-api . shop-api listens", 2)
    fresh.toml.write_text(before, encoding="utf-8")
    fresh.until(r"other    . is no longer in mallgen\.toml; stopping")
    fresh.until("all 2 services are up", 2)
    fresh.until("shop-api . shop-api listens", 3)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", fresh.ports["other"])) != 0
    assert "Hello" in fresh.get("/v1/shop?name=you")


def test_a_jwt_that_arrives_gets_its_secret_and_nothing_is_said_twice(fresh: Fresh) -> None:
    fresh.start()
    fresh.until("all 2 services are up")
    contract = fresh.root / "contracts" / "shop.api"
    written(contract, ("prefix: /v1\n", "prefix: /v1\n\tjwt: Auth\n"))
    fresh.until("made up for this run: AUTH_ACCESS_SECRET")
    fresh.until("shop-api . shop-api listens", 2)
    with pytest.raises(urllib.error.HTTPError) as refused:
        fresh.get("/v1/shop?name=you")
    assert refused.value.code == 401
    refused.value.close()
    fresh.until("GET /v1/shop 401")
    contract.write_text(contract.read_text(encoding="utf-8") + "\n// a comment\n", encoding="utf-8")
    text = fresh.until("shop.api changed; generating", 2)
    time.sleep(1)
    assert "made up" not in fresh.text()[len(text) :]
    assert fresh.text().count("has no block") <= 1
    assert "/healthz" not in fresh.text()
    assert "\x1b" not in fresh.text()


def test_a_broken_mallgen_toml_and_a_contract_that_is_gone_leave_all_as_it_is(fresh: Fresh) -> None:
    fresh.start()
    fresh.until("all 2 services are up")
    before = fresh.toml.read_text(encoding="utf-8")
    fresh.toml.write_text(before.replace("uses =", "use ="), encoding="utf-8")
    fresh.until("has an unknown key `use`")
    time.sleep(1)
    assert fresh.text().count("unknown key") == 1
    fresh.toml.unlink()
    fresh.until("mallgen.toml changed; generating", 2)
    fresh.until("mallgen.toml has gone|there is no mallgen.toml")
    fresh.toml.write_text(before, encoding="utf-8")
    fresh.until("mallgen.toml changed; generating", 3)
    (fresh.root / "contracts" / "greeter.proto").rename(fresh.root / "contracts" / "greeter")
    fresh.until(r"greeter.proto changed; generating\n.*error", 1)
    assert "Hello" in fresh.get("/v1/shop?name=you")
    assert "Traceback" not in fresh.text()
    assert "stopping" not in fresh.text()


def test_a_new_service_whose_port_is_taken_waits(fresh: Fresh) -> None:
    fresh.start()
    fresh.until("all 2 services are up")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        port = holder.getsockname()[1]
        added = fresh.toml.read_text(encoding="utf-8") + other(fresh.root, port)
        fresh.toml.write_text(added, encoding="utf-8")
        fresh.until(rf"other    . port {port} is taken")
    written(fresh.root / "services" / "other" / "etc" / "other.yaml", (str(port), str(fresh.ports["other"])))
    fresh.until(f"other.rpc listens on 127.0.0.1:{fresh.ports['other']}")


def test_one_service_is_up(fresh: Fresh) -> None:
    fresh.toml.write_text('[service.greeter]\ncontract = "contracts/greeter.proto"\ndir = "services/greeter"\n')
    fresh.start()
    assert "Ctrl-C stops it;" in fresh.until("greeter is up\n.*what you change")
