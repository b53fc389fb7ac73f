"""The dashboard and the alert rules of deploy/: their queries find what running services show."""

import http.server
import json
import re
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mallgen_runtime import RestConf
from mallgen_runtime.process.conf import parse
from tests import servers
from tests.conftest import ROOT
from tests.observed.conftest import Pair
from tests.parts import Process, program, wait_for
from tests.ports import free_port

RULES = ROOT / "deploy" / "prometheus-rules.yaml"
PAGE = ROOT / "docs" / "observability.md"
DASHBOARD = ROOT / "deploy" / "grafana-dashboard.json"
OF_PROMETHEUS = {"job", "instance", "le"}
FUNCTIONS = {"histogram_quantile", "label_values"}


def _dashboard() -> dict[str, str]:
    """Return the queries of the dashboard by a name for each."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return {
        f"{panel['title']} {target['refId']}": target["expr"] for panel in panels for target in panel.get("targets", ())
    }


def _rules() -> dict[str, str]:
    """Return the expressions of the alerts by name."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


QUERIES = {**_dashboard(), **_rules()}


@pytest.fixture(scope="module")
def stores(redis_server: servers.Redis) -> str:
    return f"CacheRedis: [{{{{Host: '{redis_server.host}'}}}}]\n"


@pytest.fixture(scope="module")
def busy(pair: Pair) -> Pair:
    """Return the services after requests of all kinds."""
    _ask(pair)
    wait_for(lambda: pair.bff.value("event_loop_lag_ms_count") > 0, "the loop's lag is measured")
    return pair


def _ask(pair: Pair) -> None:
    for path in ("/items/1", "/items/1", "/items/0", "/items/sql", "/fail", "/nowhere", "/slow"):
        pair.bff.get(path)


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what a queue service with an outbox shows."""
    words = [sys.executable, "-m", "tests.queue.figures", str(tmp_path_factory.mktemp("queue"))]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture(scope="module")
def queue_shown(queue: str) -> dict[str, set[str]]:
    return _labels(queue)


@pytest.fixture(scope="module")
def shown(busy: Pair) -> dict[str, set[str]]:
    """Return the labels of each metric that the services show."""
    return _labels(busy.bff.metrics() + busy.rpc.metrics())


def _labels(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if match := re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? \S+", line):
            found.setdefault(match[1], set()).update(re.findall(r'(\w+)="', match[2] or ""))
    return found


@pytest.mark.parametrize("name", QUERIES)
def test_each_metric_and_label_exists(shown: dict[str, set[str]], queue_shown: dict[str, set[str]], name: str) -> None:
    shown = {**queue_shown, **shown}
    query = re.sub(r"#.*", "", QUERIES[name])
    chosen = re.findall(r"(\w+)\{([^}]*)\}", query)
    grouped = {label.strip() for labels in re.findall(r"by \(([^)]*)\)", query) for label in labels.split(",")}
    bare = re.sub(r"\{[^}]*\}|by \([^)]*\)|\[[^]]*\]", "", query)
    asked = set(re.findall(r"\b[a-z]+_[a-z_]+\b", bare)) - FUNCTIONS
    assert asked, f"{name} asks for no metric"
    for metric in asked:
        assert metric in shown, f"no service shows {metric}"
        labels = {label for one, inside in chosen if one == metric for label in re.findall(r"(\w+)\s*[=!]", inside)}
        missing = (labels | grouped) - shown[metric] - OF_PROMETHEUS
        assert not missing, f"{metric} has no label {missing}"


def test_the_page_lists_each_metric(shown: dict[str, set[str]]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`(?!queue_)[a-z_` ]+) \| ([a-z_ ]*) ?\|", page, re.MULTILINE)  # tests/queue has queues'
    listed = {name: set(labels.split()) for names, labels in rows for name in re.findall(r"`(\w+)`", names)}
    ours = {re.sub("_(bucket|sum|count)$", "", name): labels - {"le"} for name, labels in shown.items()}
    kept = {
        name: labels
        for name, labels in ours.items()
        if not name.startswith(("python_", "process_")) and not name.endswith("_created")
    }
    assert listed.keys() == kept.keys()
    for name, labels in kept.items():
        assert labels <= listed[name], f"{name} has {labels}"


@pytest.mark.parametrize("text", re.findall(r"^```yaml\n(.*?)```$", PAGE.read_text(encoding="utf-8"), re.M | re.S))
def test_the_settings_of_the_page_are_settings(text: str) -> None:
    assert parse(RestConf, f"Name: a\nPort: 1\n{text}", "a.yaml").warnings == ()


@pytest.mark.slow
def test_the_rules_are_sound() -> None:
    ran = subprocess.run([program("promtool", "prometheus"), "check", "rules", RULES], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()


class Prometheus(Process):
    """A Prometheus that scrapes the services every second and has the rules; `queue` is a port with metrics, too."""

    def __init__(self, folder: Path, pair: Pair, queue: int) -> None:
        self.port = free_port()
        targets = {"demo": pair.bff.admin, "demo.rpc": pair.rpc.admin, "demo.rmq": queue}
        scrape = [
            {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for name, port in targets.items()
        ]
        conf = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": scrape,
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(conf), encoding="utf-8")
        options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        options.append(f"--web.listen-address=127.0.0.1:{self.port}")
        super().__init__([program("prometheus", "prometheus"), *options], folder / "prometheus.log")

    def ask(self, path: str, **query: str) -> Any:
        """Return the data of an answer of its API."""
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=10) as found:
            return json.load(found)["data"]

    def serves(self) -> bool:
        """Return whether both services have been scraped. Raises AssertionError when it has ended."""
        assert self.running, self.log.read_text(encoding="utf-8")
        try:
            return len(self.ask("query", query="event_loop_lag_ms_count")["result"]) == 2
        except OSError:
            return False


@pytest.fixture(scope="module")
def queue_port(queue: str) -> Iterator[int]:
    """Serve the metrics of the queue service, which has ended."""

    class Shown(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(queue.encode())

        def log_message(self, *words: object) -> None:
            """Be quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shown) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def prometheus(busy: Pair, queue_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Run a Prometheus, and requests while it scrapes."""
    made = Prometheus(tmp_path_factory.mktemp("prometheus"), busy, queue_port)
    made.launch()
    try:
        wait_for(made.serves, "Prometheus has scraped both services", 30)
        for _ in range(4):
            _ask(busy)
            time.sleep(1)
        yield made
    finally:
        made.stop()


@pytest.mark.slow
def test_prometheus_finds_something_for_each_query(prometheus: Prometheus) -> None:
    chosen = {"$job": ".*", "$instance": ".*", "[$__rate_interval]": "[10s]", "[5m]": "[10s]"}
    empty = []
    for name, query in QUERIES.items():
        for variable, value in chosen.items():
            query = query.replace(variable, value)
        if not prometheus.ask("query", query=re.sub(r" > [\d.]+\s*$", "", query.strip()))["result"]:
            empty.append(name)
    assert empty == ["DatabaseFails", "MessagesAreNotSent"], "neither the database nor the queue has failed"
    (group,) = prometheus.ask("rules")["groups"]
    assert {rule["health"] for rule in group["rules"]} == {"ok"}
