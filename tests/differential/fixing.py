"""`api fix` on aged and mutated contracts, checked by goctl: `python -m tests.differential.fixing [COUNT [SEED]]`.

goctl must accept the fixed text, and read in it what its first grammar read in the text before.
"""

import json
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import CORPUS, ROOT, mallgen
from tests.differential.compare import originals
from tests.differential.goctl import Missing, Verdict, required, verdicts
from tests.differential.mutate import mutated

COUNT, SEED = 2_000, 1
_AGED = [
    (r"(?m)^(\s*(?:type\s+)?[A-Z]\w*) \{", r"\1 struct {"),
    (r'(?m)^(\s*\w+:\s*)"([^"\n]*)"', r"\1\2"),
    (r"(?m)^(\s*middleware:\s*\w+)$", r"\1,"),
    (r'@doc "(.*?)"', r'@doc("\1")'),
    (r"@handler (\w+)", r"@server(\n\t\thandler: \1\n\t)"),
    (r"(?m)^(service \w+?)(-api)?( *\{)", r"\1-x\2\3"),
]


class Outcome(NamedTuple):
    """The number of contracts with each outcome; `wrong` has those that goctl refuses or misreads, with its message.

    `parts` have no routes, so that goctl accepts them only with the file that imports them; `newer` are texts that
    the first grammar did not read either.
    """

    files: int
    written: int
    same: int
    parts: int
    newer: int
    wrong: dict[Path, str]


def aged(text: str, seed: int) -> str:
    """Rewrite parts of a contract in the older dialect, and break something in two of three cases."""
    dice = random.Random(seed)
    for pattern, older in _AGED:
        text = re.sub(pattern, _sometimes(older, dice), text)
    if dice.random() < 0.66:
        text = mutated(text.encode(), dice.randrange(1 << 30)).decode("utf-8", "ignore")
    return text


def _sometimes(older: str, dice: random.Random) -> Callable[[re.Match[str]], str]:
    often = dice.choice((0.0, 0.3, 1.0))
    return lambda match: match.expand(older) if dice.random() < often else match[0]


def run(folder: Path, count: int, seed: int) -> Outcome:
    """Age `count` contracts of a copy of the corpus in `folder`, fix each, and judge the results with goctl."""
    shutil.copytree(CORPUS, folder / "corpus", copy_function=shutil.copyfile)
    for path in (folder / "corpus").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    paths = list(originals(folder / "corpus"))
    texts = [path.read_text("utf-8") for path in paths]
    written: dict[Path, Path] = {}
    for number in range(count):
        at = (seed + number * 7919) % len(paths)
        after = paths[at].with_name(f"after_{number}.api")
        before = after.with_name(f"before_{number}.api")
        before.write_text(aged(texts[at], seed * 1_000_003 + number), "utf-8", newline="")
        shutil.copyfile(before, after)
        if " fixed in " in mallgen("api", "fix", str(after), "--write").err:
            written[after] = before
    return _judged(count, written)


def _judged(count: int, written: dict[Path, Path]) -> Outcome:
    now, then = verdicts(list(written), "model"), verdicts(list(written.values()), "older")
    same = parts = newer = 0
    wrong: dict[Path, str] = {}
    for after, before in written.items():
        if not now[after].ok and not _has_routes(after):
            parts += 1
        elif not now[after].ok:
            wrong[after] = now[after].said
        elif not then[before].ok:
            newer += 1
        elif _meaning(now[after]) == _meaning(then[before]) or _on_one_line(then[before]):
            same += 1
        else:
            wrong[after] = "it means something else than before"
    return Outcome(count, len(written), same, parts, newer, wrong)


def _has_routes(path: Path) -> bool:
    return "@handler" in path.read_text("utf-8")


def _on_one_line(then: Verdict) -> bool:
    """Return whether two settings share a line: the first grammar took them for one, today's allows it."""
    assert then.model is not None
    return any(
        ":" in value.strip('"') for group in then.model["Groups"] or [] for value in (group["Server"] or {}).values()
    )


def _meaning(verdict: Verdict) -> Any:
    """Return a model without what the dialects spell differently: quotes, hyphens, white space and order."""
    model: dict[str, Any] = json.loads(json.dumps(verdict.model))
    groups = [_group(group) for group in model["Groups"] or [] if group["Routes"]]
    types = sorted((_type(kind) for kind in model["Types"] or []), key=str)
    info = {key: value.strip('"`: ') for key, value in (model["Info"] or {}).items()}
    return model["Service"].replace("-", "_"), info, types, sorted(groups, key=str)


def _group(group: dict[str, Any]) -> Any:
    server = {key: re.sub(r"\s", "", value).strip('"`,') for key, value in (group["Server"] or {}).items()}
    for route in group["Routes"]:
        route["DocText"] = route["DocText"].strip('"')
        route["Doc"] = {key: value.strip('"`') for key, value in (route["Doc"] or {}).items()}
    return sorted(server.items()), sorted(group["Routes"], key=str)


def _type(kind: dict[str, Any]) -> Any:
    members = [(m["Name"], _bare(m["Type"]), m["Tag"], m["Inline"]) for m in kind["Members"]]
    return kind["Name"], members


def _bare(text: str) -> str:
    """Remove white space, and the comment that today's goctl prints into a type."""
    return re.sub(r"//.*|/\*.*?\*/|\s", "", text)


def report(outcome: Outcome) -> str:
    """Return the line that `make conformance` prints about a run."""
    return (
        f"api fix against goctl: {outcome.files} aged and mutated contracts, {outcome.written} rewritten: "
        f"{outcome.same} with the meaning of goctl's first grammar, {outcome.newer} that it did not read, "
        f"{outcome.parts} without routes; refused by goctl or changed in meaning: {len(outcome.wrong)}"
    )


def main(words: list[str]) -> int:
    """Run, print the result and keep the wrong contracts in build/fixed."""
    count, seed = [*(int(word) for word in words), *(COUNT, SEED)[len(words) :]]
    kept = ROOT / "build" / "fixed"
    shutil.rmtree(kept, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            outcome = run(Path(scratch), count, seed)
        except Missing as problem:
            print(f"skipped: {problem}")
            return int(required())
        for after, said in outcome.wrong.items():
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copy(after, kept)
            shutil.copy(after.with_name(after.name.replace("after", "before")), kept)
            print(f"{after.name}: {said}")
    print(report(outcome))
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
