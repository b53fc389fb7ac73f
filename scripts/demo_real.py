"""Demonstrate the shop on real parts: tables in MariaDB, a cache in Redis, queues in Kafka, services known to etcd.

It starts all four on ports of their own, makes the tables with the files of examples/sql, fills them with the seeds of
the services, starts them, calls the seven routes, holds the flash sale, and stops everything. Exits with 3 when a part
is missing.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from redis import Redis as Client

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import demo  # noqa: E402
import office  # noqa: E402
import sale  # noqa: E402
import walk  # noqa: E402

from tests import kafka_server, parts, servers  # noqa: E402

PATIENCE = 30.0  # seconds until all services answer


def main() -> int:
    """Run the demonstration; return 0 when all routes answered and the sale is as it must be."""
    demo.prepare()
    subprocess.run([*demo.MALLGEN, "gen", "-q"], cwd=demo.COPY, check=True, stdout=subprocess.DEVNULL)
    try:
        with contextlib.ExitStack() as stack:
            return run(stack)
    except pytest.skip.Exception as missing:
        print(f"error[environment] {missing}", file=sys.stderr)
        return 3


class Parts(NamedTuple):
    """The servers that the services need."""

    mariadb: servers.MariaDb
    redis: servers.Redis
    etcd: parts.Etcd
    kafka: kafka_server.Kafka


def run(stack: contextlib.ExitStack) -> int:
    """Start the parts and the services, call the routes, hold the sale, and return the exit code."""
    found = start(stack)
    ports, figures = demo.ports_for(demo.SERVICES, demo.SERVICES)
    write_settings(ports, figures, found)
    environment = {name: value for name, value in os.environ.items() if name != "MALLGEN_DISCOVERY"}
    environment["DB_PASSWORD"] = quote(servers.PASSWORD, safe="")
    for name in ("AUTH_ACCESS_SECRET", "PAY_NOTIFY_SECRET"):
        environment[name] = os.environ.setdefault(name, secrets.token_urlsafe(32))
    for name in demo.RPC_SERVICES:
        seed = [sys.executable, "-m", f"{name}_rpc.seed", "etc/real.yaml"]
        print(f"$ python -m {name}_rpc.seed etc/real.yaml", flush=True)
        subprocess.run(seed, cwd=demo.COPY / "generated" / name, env=environment, check=True)
    words = ("-f", "etc/real.yaml")
    offices = {name: demo.COPY / "generated" / name for name in demo.ADMIN_SERVICES}
    passwords = {name: office.create_user(folder, environment, *words) for name, folder in offices.items()}
    print("\n$ python -m mall_api -f etc/real.yaml   # and its RPC, queue and admin services", flush=True)
    with started(environment):
        wait(ports["mall"])
        code = demo.call_all(ports["mall"]) or walk.show(ports["mall"], demo.COPY / "generated" / "pay")
        code = code or office.show(ports, passwords)
        code = code or sale.show(ports["mall"], environment["AUTH_ACCESS_SECRET"], of_mariadb(found.mariadb), figures)
        with Client(port=found.redis.port) as client:
            print(f"\n{client.dbsize()} keys are in Redis now", flush=True)
        return code


def start(stack: contextlib.ExitStack) -> Parts:
    """Start the parts, and make the tables."""
    mariadb = stack.enter_context(servers.mariadb())
    print(f"MariaDB listens on {mariadb.port}", flush=True)
    redis = stack.enter_context(servers.redis())
    print(f"Redis listens on {redis.port}", flush=True)
    etcd = parts.Etcd(Path(stack.enter_context(servers.folder()))).start()
    stack.callback(etcd.kill)
    print(f"etcd listens on {etcd.port}", flush=True)
    kafka = stack.enter_context(kafka_server.kafka())
    print(f"Kafka listens on {kafka.host}\n", flush=True)
    for tables in sorted((ROOT / "examples" / "sql").glob("*.sql")):
        print(f"$ mariadb < examples/sql/{tables.name}", flush=True)
        mariadb.run(tables.read_text(encoding="utf-8"))
    return Parts(mariadb, redis, etcd, kafka)


def of_mariadb(mariadb: servers.MariaDb) -> sale.Rows:
    """Return a reader of tables that uses MariaDB's own client."""

    def rows(database: str, statement: str) -> list[tuple[str, ...]]:
        return [tuple(line.split("\t")) for line in mariadb.run(statement, database).splitlines()]

    return rows


def write_settings(ports: Mapping[str, int], figures: Mapping[str, int], found: Parts) -> None:
    """Write `etc/real.yaml` for each service."""
    services = tomllib.loads((demo.COPY / "mallgen.toml").read_text(encoding="utf-8"))["service"]
    for name, port in ports.items():
        service = services[{"mall": "mall-api"}.get(name, name.replace("_admin", "-admin"))]
        lines = [*own(name, port, found), demo.dev_server(figures[name])]
        if "tables" in service:
            lines.append(
                f'DataSource: "mysql://{servers.USER}:${{DB_PASSWORD}}@127.0.0.1:{found.mariadb.port}/{service["database"]}"'
            )
        lines += [called(other, found) for other in service.get("uses", [])]
        if name == "pay":
            lines.append("NotifySecret: ${PAY_NOTIFY_SECRET}")
        path = demo.COPY / "generated" / name / "etc" / "real.yaml"
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def own(name: str, port: int, found: Parts) -> list[str]:
    """Return the settings of a service about itself."""
    if name == "mall":
        return [f"Name: mall-api\nHost: 127.0.0.1\nPort: {port}"]
    if name in demo.ADMIN_SERVICES:
        return [f"Name: {name}\nHost: 127.0.0.1\nPort: {port}"]
    if name in demo.QUEUE_SERVICES:
        return [f"Name: {name}.rmq\nBrokers: [{found.kafka.host}]\nGroup: {name}.rmq\nOffset: first"]
    return [
        f"Name: {name}.rpc\nListenOn: 127.0.0.1:{port}",
        f"Etcd:\n  Hosts: [{found.etcd.host}]\n  Key: {name}.rpc",
        f"CacheRedis:\n  - Host: {found.redis.host}",
    ]


def called(name: str, found: Parts) -> str:
    """Return the settings with which a service finds another one."""
    title = "".join(part.capitalize() for part in name.split("_"))
    if name in demo.QUEUE_SERVICES:
        return f"{title}:\n  Brokers: [{found.kafka.host}]"
    return f"{title}RPC:\n  Etcd:\n    Hosts: [{found.etcd.host}]\n    Key: {name}.rpc"


def package(name: str) -> str:
    """Return the package of a service."""
    if name in demo.ADMIN_SERVICES:
        return name
    return "mall_api" if name == "mall" else f"{name}_{'rmq' if name in demo.QUEUE_SERVICES else 'rpc'}"


@contextlib.contextmanager
def started(environment: dict[str, str]) -> Iterator[None]:
    """Start all services, and stop them at the end as a supervisor does."""
    running = []
    try:
        for name in demo.SERVICES:
            words = [sys.executable, "-m", package(name), "-f", "etc/real.yaml"]
            with (demo.COPY / f"{name}.log").open("wb") as log:
                running.append(
                    subprocess.Popen(words, cwd=demo.COPY / "generated" / name, env=environment, stdout=log, stderr=log)
                )
        yield
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(timeout=30) for process in running]
        print(f"\nall services are stopped; exit codes {codes}; their logs are in {demo.COPY}", flush=True)


def wait(port: int) -> None:
    """Wait until the BFF reaches all services. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE
    body = b""
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            status, body = demo.get(port, "/readyz")
            if status == 200 and b'"status":"ok"' in body:
                return
        time.sleep(0.1)
    raise TimeoutError(f"not all services are ready within {PATIENCE:g} s: {body.decode()}")


if __name__ == "__main__":
    sys.exit(main())
