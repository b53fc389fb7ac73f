"""Runs wrk for benchmarks; figures of answers that are not 2xx are no figures."""

import http.client
import re
import subprocess
from typing import NamedTuple

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class WrkFigures(NamedTuple):
    """The requests of a run, requests per second, and the 99th percentile in milliseconds."""

    requests: int
    rate: float
    p99: float


def run_wrk(port: int, path: str, clients: int, seconds: int, *prefix: str) -> WrkFigures:
    """Put load on a path; `prefix` stands before the command. Raises RuntimeError when an answer is not 2xx."""
    check_answer(port, path)
    url = f"http://127.0.0.1:{port}{path}"
    command = [*prefix, "wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", url]
    found = read_report(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    check_answer(port, path)
    return found


def check_answer(port: int, path: str) -> None:
    """Raise RuntimeError unless a path answers 2xx: a redirect is no error for wrk."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise RuntimeError(f"{path} answers {status}")


def read_report(text: str) -> WrkFigures:
    """Return the figures of wrk's report. Raises RuntimeError when it tells of errors, or of no request."""
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(text)
    rate, slow = re.search(r"Requests/sec:\s+([\d.]+)", text), re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    total = re.search(r"(\d+) requests in", text)
    if not (rate and slow and total) or int(total[1]) == 0:
        raise RuntimeError(f"not a report of wrk: {text}")
    return WrkFigures(int(total[1]), float(rate[1]), float(slow[1]) * _UNITS[slow[2]])
