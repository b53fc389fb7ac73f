"""Puts load on the whole shop: every route that reads, all services running; prints latencies, errors, memory.

`python benchmarks/load_shop.py [SECONDS] [--page FILE]` takes 60 seconds by default. The clients send one request after
the other, all routes in turn, and share the machine with the services: the figures are those of one machine, driver
included. With `--page` they replace the last block of a Markdown file, docs/performance.md.
"""

import argparse
import asyncio
import os
import platform
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import demo  # noqa: E402

from mallgen.text.width import width  # noqa: E402
from mallgen_runtime import issue_token  # noqa: E402
from mallgen_runtime.http.conf import JwtConf  # noqa: E402
from tests.load.driver import Measured, mixed  # noqa: E402

CLIENTS = 16
WARM_UP = 3.0
USER = 123  # whom the seeds give orders, a cart and addresses
WITH_TOKEN = ("/v1/address",)
PATHS = (*demo.CALLS, "/v1/product/1", *WITH_TOKEN)


def main() -> int:
    """Start the shop, load it, stop it; return 1 when a request had no good answer."""
    words = argparse.ArgumentParser(description="Puts load on the whole shop.")
    words.add_argument("seconds", nargs="?", type=float, default=60.0)
    words.add_argument("--page", type=Path, help="the Markdown file whose last block gets the figures")
    words.add_argument("--measure", type=int, metavar="PORT", help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.measure:
        return measure(asked.measure, asked.seconds)
    os.environ.setdefault("PAY_NOTIFY_SECRET", "a-secret-of-this-run-which-nobody-else-needs")
    os.environ.setdefault("AUTH_ACCESS_SECRET", "a-secret-of-this-run-which-nobody-else-knows")
    demo.prepare()
    subprocess.run([*demo.MALLGEN, "gen", "-q"], cwd=demo.COPY, check=True, stdout=subprocess.DEVNULL)
    demo.seed()
    ports, _ = demo.settle()
    call = [sys.executable, str(Path(__file__).resolve()), str(asked.seconds), "--measure", str(ports["mall"])]
    words_of_dev = [*demo.MALLGEN, "dev", "-q", "--once", *call]
    done = subprocess.run(words_of_dev, cwd=demo.COPY, check=False, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="")
    if asked.page is not None and not done.returncode:
        asked.page.write_text(with_figures(asked.page.read_text(encoding="utf-8"), done.stdout), encoding="utf-8")
    return done.returncode


def with_figures(page: str, figures: str) -> str:
    """Return a page whose last block has the figures."""
    head, _, rest = page.rpartition("```text\n")
    return f"{head}```text\n{figures}```{rest.partition('```')[2]}"


def measure(port: int, seconds: float) -> int:
    """Send the requests and print the figures; return 1 when one had no good answer."""
    secret = os.environ["AUTH_ACCESS_SECRET"]
    token = issue_token(JwtConf(access_secret=secret), uid=USER)
    requests = {path: request(path, token) for path in PATHS}
    asyncio.run(mixed(port, requests, CLIENTS, WARM_UP))
    before = resident()
    found = asyncio.run(mixed(port, requests, CLIENTS, seconds))
    machine = f"{os.cpu_count()} cores, CPython {platform.python_version()}, {date.today()}"
    print(f"{CLIENTS} clients, {len(PATHS)} routes in turn, {seconds:.0f} s; {machine}\n")
    print(f"{'route':<58}{'requests':>9}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}{'503':>6}{'other':>7}")
    for path, figures in found.items():
        print(row(path, figures))
    everything = Measured([sent for figures in found.values() for sent in figures.requests], seconds)
    print(row("all", everything))
    print(f"{everything.goodput:.0f} good answers a second\n")
    print(f"{'process':<20}{'MiB before':>11}{'MiB after':>11}")
    for name, size in resident().items():
        print(f"{name:<20}{before.get(name, 0):>11.1f}{size:>11.1f}")
    return int(any(sent.status != 200 for sent in everything.requests))


def request(path: str, token: str) -> bytes:
    """Return the bytes of a GET request."""
    bearer = f"Authorization: Bearer {token}\r\n" if path in WITH_TOKEN else ""
    return f"GET {quote(path, safe='/?&=')} HTTP/1.1\r\nHost: shop\r\n{bearer}\r\n".encode()


def row(path: str, found: Measured) -> str:
    """Return a line of the table."""
    parts = "".join(f"{found.percentile(part):>8.1f}" for part in (50, 95, 99))
    others = len(found.requests) - found.count(200) - found.count(503)
    return f"{path}{' ' * (58 - width(path))}{len(found.requests):>9}{parts}{found.count(503):>6}{others:>7}"


def resident() -> dict[str, float]:
    """Return the resident memory in MiB of each service that `mallgen dev`, our parent, has started."""
    found = {}
    packages = {main.parent.name for main in (demo.COPY / "generated").glob("*/*/__main__.py")}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text, words = status.read_text(), (status.parent / "cmdline").read_text().split("\0")
        except OSError:
            continue  # it has ended
        package = re.search(r"\0-m\0(\w+)\0", "\0".join(words))
        if package and package[1] in packages and re.search(rf"^PPid:\t{os.getppid()}$", text, re.M):
            size = re.search(r"^VmRSS:\s+(\d+) kB", text, re.M)
            found[package[1]] = int(size[1]) / 1024 if size else 0.0
    return dict(sorted(found.items()))


if __name__ == "__main__":
    sys.exit(main())
