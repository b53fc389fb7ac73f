"""The cost of each of go-zero's middlewares of a BFF: processor time of a request with all of them, and without one.

The application answers in this process, without a socket, so that a busy machine changes little; each figure is the
least of many rounds, and all of them are measured in each round.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "runtime")]

from mallgen_runtime import App, Context, Response, Route, ServiceBase  # noqa: E402
from mallgen_runtime.http.conf import MiddlewaresConf, RestConf  # noqa: E402
from mallgen_runtime.process.conf import LogConf  # noqa: E402
from mallgen_runtime.testing import context  # noqa: E402

ROUNDS, REQUESTS = 60, 300
SWITCHES = ("timeout", "max_conns", "max_bytes", "breaker", "shedding", "gunzip")
BODY = b"{}"


async def _answer(ctx: Context, svc: Any) -> Response:
    return Response(await ctx.raw_body())


def app_without(*off: str) -> App[Any]:
    """Return an application with some middlewares switched off."""
    switches = MiddlewaresConf(**dict.fromkeys(off, False))
    conf = RestConf(name="a", port=1, middlewares=switches, log=LogConf(access=False))
    return App(conf, ServiceBase(conf), [Route("POST", "/v1/thing", _answer)])


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": BODY, "more_body": False}


async def _send(message: Any) -> None:
    return None


async def spent(app: App[Any], scope: Any) -> float:
    """Return the processor microseconds of a request."""
    started = time.process_time_ns()
    for _ in range(REQUESTS):
        await app({**scope, "method": "POST"}, _receive, _send)
    return (time.process_time_ns() - started) / 1000 / REQUESTS


async def measured() -> dict[str, float]:
    """Return the least microseconds of a request by the name of what is switched off."""
    scope = context(path="/v1/thing", headers={"content-length": str(len(BODY))}).scope
    apps = {"": app_without(), **{name: app_without(name) for name in SWITCHES}, "all": app_without(*SWITCHES)}
    least = dict.fromkeys(apps, float("inf"))
    for _ in range(ROUNDS):
        for name, app in apps.items():
            least[name] = min(least[name], await spent(app, scope))
    return least


def main() -> None:
    """Print the table."""
    least = asyncio.run(measured())
    print("| middleware | µs of a request that it costs |\n|---|---:|")
    for name in SWITCHES:
        print(f"| {name} | {max(0.0, least[''] - least[name]):.1f} |")
    print(f"| all of them | {least[''] - least['all']:.1f} of {least['']:.1f} |")


if __name__ == "__main__":
    main()
