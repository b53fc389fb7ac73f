"""Time `mallgen breaking`: what judging costs beside reading both versions, and a pull request of 200 changed files.

500 routes and 200 messages: judging in this process beside reading both versions there, processor time, medians of
`--runs` turns; the limit is that reading and judging take 1.5 times what reading takes, and twice where every field has
another type, which makes 7100 findings. 200 files: a workspace of 200
services in git, each changed on a branch; wall time of the whole process, at most 2 s.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mallgen.breaking import RULES
from mallgen.breaking.judge import judge
from mallgen.workspace.versions import version_of

ROUTES, MESSAGES, SERVICES, RATIO, WHOLE, LIMIT = 500, 200, 200, 1.5, 2.0, 2.0


def main() -> int:
    """Print both figures; return 1 when one is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        ratio = judging(Path(name), runs, 10)
    with tempfile.TemporaryDirectory() as name:
        whole = judging(Path(name), runs, 1)
    with tempfile.TemporaryDirectory() as name:
        wall = pull_request(Path(name), runs)
    return int(ratio > RATIO or whole > WHOLE or wall > LIMIT)


def judging(root: Path, runs: int, every: int) -> float:
    """Return how many times the reading of both versions all of it takes; with 1 for `every`, all fields change."""
    for side, kind in (("old", "int64"), ("new", "string")):
        (root / side).mkdir()
        (root / side / "shop.api").write_text(api(kind, every), encoding="utf-8")
        (root / side / "shop.proto").write_text(proto(kind, every), encoding="utf-8")
    names, reading, rules, found = ("shop.api", "shop.proto"), [], [], 0
    chosen = RULES.chosen((), ())
    for _ in range(runs):
        start = time.process_time()
        old, new = (version_of(str(root / side), names) for side in ("old", "new"))
        middle = time.process_time()
        found = len(judge(old.services, new.services, "old", chosen))
        reading.append(middle - start)
        rules.append(time.process_time() - middle)
    read, judged = statistics.median(reading), statistics.median(rules)
    ratio = (read + judged) / read
    changed = "all fields changed" if every == 1 else f"a field of 1 in {every} changed"
    print(
        f"{ROUTES} routes, {MESSAGES} messages, {changed}: read {read * 1000:.0f} ms, judged {judged * 1000:.0f} ms",
        end="",
    )
    print(f", {found} findings; {ratio:.2f} of reading, at most {WHOLE if every == 1 else RATIO}")
    return ratio


def pull_request(root: Path, runs: int) -> float:
    """Return the seconds that a pull request of 200 changed contracts takes."""
    members = (f'[service.s{n}]\ncontract = "s{n}.api"\ndir = "out/{n}"\n' for n in range(SERVICES))
    (root / "mallgen.toml").write_text("".join(members), encoding="utf-8")
    for kind in ("int64", "string"):
        for number in range(SERVICES):
            text = service(f"s{number}", [route(number, kind)])
            (root / f"s{number}.api").write_text(text, encoding="utf-8")
        if kind == "int64":
            git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.org"]
            for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "one"]):
                subprocess.run([*git, *words], check=True)
    walls = []
    for _ in range(runs):
        start = time.perf_counter()
        words = [sys.executable, "-m", "mallgen", "breaking", "--against", "main", "--no-witness"]
        ran = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
        walls.append(time.perf_counter() - start)
        assert ran.returncode == 1, ran.stderr
    wall = statistics.median(walls)
    print(f"{SERVICES} changed contracts: {wall:.2f} s, at most {LIMIT:.0f} s; {ran.stdout.strip()}")
    return wall


def api(kind: str, every: int) -> str:
    """Return a contract of 500 routes, each with a response of its own."""
    return service("shop", [route(n, kind if n % every == 0 else "int64", every == 1) for n in range(ROUTES)])


def service(name: str, routes: list[tuple[str, str]]) -> str:
    """Return a contract of types and routes."""
    types, lines = zip(*routes, strict=True)
    return 'syntax = "v1"\n\n' + "".join(types) + f"service {name} {{\n" + "".join(lines) + "}\n"


def route(number: int, kind: str, whole: bool = False) -> tuple[str, str]:
    """Return the types of a route, and the route; `whole`: all of its fields are of that kind."""
    own = kind if whole else "int64"
    request = f'type Req{number} {{\n\tId {own} `path:"id"`\n\tPs {own} `form:"ps,default=20"`\n}}\n\n'
    fields = "".join(f'\tF{n} {kind if whole or n == 3 else "string"} `json:"f{n}"`\n' for n in range(8))
    line = f"\t@handler Do{number}\n\tget /do{number}/:id (Req{number}) returns (Resp{number})\n\n"
    return f"{request}type Resp{number} {{\n{fields}}}\n\n", line


def proto(kind: str, every: int) -> str:
    """Return a proto of 200 messages and half as many RPCs."""
    lines = ['syntax = "proto3";', "package shop;", ""]
    for number in range(MESSAGES):
        own = kind if number % every == 0 else "int64"
        fields = " ".join(f"{own if every == 1 or n == 3 else 'string'} f{n} = {n};" for n in range(1, 9))
        lines.append(f"message M{number} {{ {fields} }}")
    lines.append("service Shop {")
    lines += [f"  rpc Do{n}(M{2 * n}) returns (M{2 * n + 1});" for n in range(MESSAGES // 2)]
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    sys.exit(main())
