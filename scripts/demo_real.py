"""Demonstrate the shop on real parts: MariaDB has the tables, Redis the cache, etcd knows the services.

It starts all three on ports of their own, makes the tables with the files of examples/sql, fills them with the seeds of
the services, starts them, calls the seven routes, and stops everything. Exits with 3 when a part is missing.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from redis import Redis as Client

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import demo  # noqa: E402

from tests import parts, servers  # noqa: E402

PATIENCE = 30.0  # seconds until all services answer


def main() -> int:
    """Run the demonstration; return 0 when all seven routes answered."""
    demo.prepare()
    subprocess.run([*demo.MALLGEN, "gen", "-q"], cwd=demo.COPY, check=True, stdout=subprocess.DEVNULL)
    try:
        with contextlib.ExitStack() as stack:
            return run(stack)
    except pytest.skip.Exception as missing:
        print(f"error[environment] {missing}", file=sys.stderr)
        return 3


def run(stack: contextlib.ExitStack) -> int:
    """Start the parts and the services, call the routes, and return the exit code."""
    mariadb = stack.enter_context(servers.mariadb())
    print(f"MariaDB listens on {mariadb.port}", flush=True)
    redis = stack.enter_context(servers.redis())
    print(f"Redis listens on {redis.port}", flush=True)
    etcd = parts.Etcd(Path(stack.enter_context(servers.folder()))).start()
    stack.callback(etcd.kill)
    print(f"etcd listens on {etcd.port}\n", flush=True)
    for tables in sorted((ROOT / "examples" / "sql").glob("*.sql")):
        print(f"$ mariadb < examples/sql/{tables.name}", flush=True)
        mariadb.run(tables.read_text(encoding="utf-8"))
    ports = {name: demo.free_port() for name in demo.SERVICES}
    write_settings(ports, mariadb, redis, etcd)
    environment = {name: value for name, value in os.environ.items() if name != "MALLGEN_DISCOVERY"}
    environment["DB_PASSWORD"] = quote(servers.PASSWORD, safe="")
    for name in ("AUTH_ACCESS_SECRET", "PAY_NOTIFY_SECRET"):
        environment.setdefault(name, secrets.token_urlsafe(32))
    for name in demo.SERVICES[:-1]:
        words = [sys.executable, "-m", f"{name}_rpc.seed", "etc/real.yaml"]
        print(f"$ python -m {name}_rpc.seed etc/real.yaml", flush=True)
        subprocess.run(words, cwd=demo.COPY / "generated" / name, env=environment, check=True)
    print("\n$ python -m mall_api -f etc/real.yaml   # and its seven RPC services", flush=True)
    with started(environment):
        wait(ports["mall"])
        code = demo.call_all(ports["mall"])
        with Client(port=redis.port) as client:
            print(f"\n{client.dbsize()} keys are in Redis now", flush=True)
        return code


def write_settings(ports: dict[str, int], mariadb: servers.MariaDb, redis: servers.Redis, etcd: parts.Etcd) -> None:
    """Write `etc/real.yaml` for each service."""
    for name, port in ports.items():
        if name == "mall":
            lines = [f"Name: mall-api\nHost: 127.0.0.1\nPort: {port}"]
            lines += [
                f"{other.capitalize()}RPC:\n  Etcd:\n    Hosts: [{etcd.host}]\n    Key: {other}.rpc"
                for other in demo.SERVICES[:-1]
            ]
        else:
            lines = [
                f"Name: {name}.rpc\nListenOn: 127.0.0.1:{port}",
                f"Etcd:\n  Hosts: [{etcd.host}]\n  Key: {name}.rpc",
                f'DataSource: "mysql://{servers.USER}:${{DB_PASSWORD}}@127.0.0.1:{mariadb.port}/{name}"',
                f"CacheRedis:\n  - Host: {redis.host}",
            ]
        if name == "pay":
            lines += ["NotifySecret: ${PAY_NOTIFY_SECRET}"]
            lines += [f"OrderRPC:\n  Etcd:\n    Hosts: [{etcd.host}]\n    Key: order.rpc"]
        path = demo.COPY / "generated" / name / "etc" / "real.yaml"
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")


@contextlib.contextmanager
def started(environment: dict[str, str]) -> Iterator[None]:
    """Start all services, and stop them at the end as a supervisor does."""
    running = []
    try:
        for name in demo.SERVICES:
            package = "mall_api" if name == "mall" else f"{name}_rpc"
            words = [sys.executable, "-m", package, "-f", "etc/real.yaml"]
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
