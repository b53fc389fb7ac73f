"""Make the pages in docs/ that show what the code says of itself: rules, limits and settings.

`--check` fails when a page is not current; `--corpus` counts the findings on the corpus again and keeps the figures in
tests/data/lint_counts.json, so that making the pages needs no corpus.
"""

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mallgen.contract.loaded import Loaded  # noqa: E402
from mallgen.diagnostics.pages import pages  # noqa: E402
from mallgen.diagnostics.terminal import Reporter  # noqa: E402
from mallgen.lint import Rule, lint, rules  # noqa: E402
from mallgen.lint.scope import LintScope  # noqa: E402
from mallgen.loading.load import load  # noqa: E402
from mallgen.rules import Found  # noqa: E402
from mallgen.text.limits import DEEPEST, DEFAULT, MEANING, setting  # noqa: E402

EXAMPLES, COUNTS = ROOT / "tests" / "data" / "lint_examples.txt", ROOT / "tests" / "data" / "lint_counts.json"
LINT, LIMITS = ROOT / "docs" / "lint.md", ROOT / "docs" / "limits.md"
LINT_HEAD = """# The rules of mallgen api lint

`mallgen api lint -api mall.api` finds what works in a contract, and could be better. Exit code 1 when there are
findings; `--format json|github|gitlab|junit|sarif|concise` for machines.

```sh
mallgen api lint -api mall.api --select missing-doc --ignore money-as-float   # `--select all` for all rules
mallgen api lint -api mall.api --fix                    # mends what nobody notices
mallgen api lint -api mall.api --fix --unsafe-fixes     # and what clients or goctl's other generators notice
mallgen api lint --rules                                # the list below; mallgen explain RULE prints one page
```

Before anything is written the contract is read as it would be; fixes that break it are not made.

A comment switches a rule off for its line or, when it stands alone, for the next one, and says why. One without a
reason, with an unknown rule, or that finds nothing is a finding itself.

```api
// mallgen:ignore money-as-float the bank sends it so
Fee float64 `json:"fee"`
```

The warnings of `mallgen api validate` are findings too, and are switched off likewise:
{parsed}.

A rule that fires on more than a fifth of other people's contracts is off unless it is asked for. The figures are those
of a corpus of {files} public go-zero contracts.

| rule | severity | default | contracts | findings | `--fix` |
|---|---|---|--:|--:|---|
"""
LIMITS_HEAD = """# Limits

No contract takes mallgen more than seconds or half a gigabyte: what is larger than these limits is refused with a
message that names the limit and how to raise it. Each is set by an environment variable for one run.

| setting | default | at most | what it counts | error |
|---|--:|--:|---|---|
"""
LIMITS_TAIL = """
`mallgen explain too-large` and so on have the pages of the errors. Of very many messages the first thousand are shown
as text; `--format concise` lists them all, up to ten thousand about types.
"""


class Example(NamedTuple):
    """A contract with a finding of a rule, and the same contract without it."""

    before: str
    after: str


class Counts(NamedTuple):
    """The number of contracts in the corpus, and by rule those with findings and the number of findings."""

    files: int
    contracts: dict[str, int]
    findings: dict[str, int]


def examples() -> dict[str, Example]:
    """Return the examples by the code of their rule."""
    parts = re.split(r"^### (.+)\n", EXAMPLES.read_text(encoding="utf-8"), flags=re.M)[1:]
    halves = (text.partition("---\n") for text in parts[1::2])
    return {code: Example(before, after) for code, (before, _, after) in zip(parts[::2], halves, strict=True)}


def linted(text: str, rule: Rule) -> tuple[Loaded, list[Found]]:
    """Return a contract loaded from its text, and the findings of one rule about it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "shop.api")
        path.write_text(text, encoding="utf-8")
        loaded = load(str(path))
        assert loaded.contract is not None, (rule.code, loaded.diagnostics)
        assert not loaded.diagnostics, (rule.code, loaded.diagnostics)
        return loaded, lint(LintScope(loaded.contract), (rule,))


def messages(text: str, rule: Rule) -> str:
    """Return the messages of one rule about a contract, as in a terminal without colours."""
    loaded, items = linted(text, rule)
    shown = Reporter(loaded.sources, color=False).all([item.diagnostic for item in items])
    return re.sub(r"/\S*/shop\.api", "shop.api", shown).strip()


def counted(corpus: Path) -> Counts:
    """Count the findings of all rules on the corpus."""
    contracts: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    files = 0
    for path in sorted(corpus.rglob("*.api")):
        loaded = load(str(path)) if "golden" not in path.relative_to(corpus).parts[0] else None
        if loaded is None or loaded.contract is None or not any(group.routes for group in loaded.contract.groups):
            continue
        files += 1
        codes = [item.diagnostic.code for item in lint(LintScope(loaded.contract), tuple(rules().values()))]
        findings.update(codes)
        contracts.update(set(codes))
    return Counts(files, dict(sorted(contracts.items())), dict(sorted(findings.items())))


def kept() -> Counts:
    """Return the figures of the last run with `--corpus`."""
    return Counts(**json.loads(COUNTS.read_text(encoding="utf-8")))


def lint_page() -> str:
    """Return the text of docs/lint.md."""
    from mallgen.lint.suppress import PARSED

    counts, known = kept(), examples()
    head = LINT_HEAD.format(files=counts.files, parsed=", ".join(f"`{code}`" for code in PARSED))
    rows = [_row(rule, counts, known[rule.code]) for rule in rules().values()]
    return head + "".join(rows) + "".join(_section(rule, known[rule.code]) for rule in rules().values())


def _row(rule: Rule, counts: Counts, example: Example) -> str:
    _, items = linted(example.before, rule)
    fix = "" if not items or not items[0].edits else "unsafe" if items[0].changes else "yes"
    contracts, findings = counts.contracts.get(rule.code, 0), counts.findings.get(rule.code, 0)
    on = "on" if rule.default else "off"
    return f"| [{rule.code}](#{rule.code}) | {rule.severity} | {on} | {contracts} | {findings} | {fix} |\n"


def _section(rule: Rule, example: Example) -> str:
    before, after = (f"````api\n{text.strip(chr(10))}\n````" for text in example)
    text = f"````text\n{messages(example.before, rule)}\n````"
    return f"\n## {rule.code}\n\n{pages()[rule.code]}\n\n{before}\n\n{text}\n\nNo finding:\n\n{after}\n"


def limits_page() -> str:
    """Return the text of docs/limits.md."""
    return LIMITS_HEAD + "".join(_limits()) + LIMITS_TAIL


def _limits() -> Iterator[str]:
    for name, default in DEFAULT._asdict().items():
        code, what = MEANING[name]
        most = DEEPEST.get(name, "")
        yield f"| `{setting(name)}` | {default} | {most} | {what} | `{code}` |\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` compare them; return the exit code."""
    if "--corpus" in arguments:
        from tests.conftest import CORPUS

        figures = counted(CORPUS)._asdict()
        COUNTS.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    # imported late: tests load this file by its path, without its folder
    from breaking_page import breaking_page
    from model_lint_page import model_lint_page
    from settings_page import settings_page
    from table_checks_page import table_checks_page

    code = 0
    more = {"model-lint": model_lint_page, "settings": settings_page, "table-checks": table_checks_page}
    more["breaking-rules"] = breaking_page
    made_pages = {LINT: lint_page, LIMITS: limits_page, **{ROOT / "docs" / f"{n}.md": page for n, page in more.items()}}
    for path, make in made_pages.items():
        made = make()
        if "--check" not in arguments:
            path.write_text(made, encoding="utf-8")
            print(f"docs/{path.name}: {made.count(chr(10))} lines")
        elif not path.is_file() or path.read_text(encoding="utf-8") != made:
            print(f"docs/{path.name} is not current: make pages", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
