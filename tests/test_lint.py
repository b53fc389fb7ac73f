"""The rules of api lint on other people's contracts: none fires everywhere, and what is fixed means the same."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from mallgen.driver import load
from mallgen.lint import lint, rules
from mallgen.lint.scope import Scope
from tests.conftest import ROOT, mallgen

MOST = 0.2


def test_no_rule_that_is_on_fires_on_more_than_a_fifth_of_the_corpus(
    corpus: Path, record_property: Callable[[str, object], None]
) -> None:
    fires: Counter[str] = Counter()
    findings = files = 0
    for path in sorted(corpus.rglob("*.api")):
        if "golden" in path.relative_to(corpus).parts[0]:
            continue
        loaded = load(str(path))
        if loaded.contract is None or not any(group.routes for group in loaded.contract.groups):
            continue
        files += 1
        found = lint(Scope(loaded.contract), tuple(rules().values()))
        findings += sum(rules()[item.diagnostic.code].default for item in found)
        fires.update({item.diagnostic.code for item in found})
    record_property("figure", f"lint: {len(rules())} rules, {findings} findings on {files} contracts of the corpus")
    assert files > 20
    assert {code for code, rule in rules().items() if rule.default and fires[code] > MOST * files} == set()


def test_what_is_found_in_the_shop() -> None:
    """The article's prices are floats, and its carts and orders are anybody's: it says so, and leaves it."""
    ran = mallgen("api", "lint", "-api", str(ROOT / "examples" / "mall.api"), "--format", "json")
    found = Counter(item["code"] for item in json.loads(ran.out))
    assert (ran.code, found) == (1, {"money-as-float": 3, "user-id-from-query": 2})


def test_what_is_fixed_is_a_contract_with_the_same_routes(corpus: Path, tmp_path: Path) -> None:
    fixed = 0
    for path in sorted(corpus.rglob("*.api")):
        if "golden" in path.relative_to(corpus).parts[0] or load(str(path)).contract is None:
            continue
        if len(load(str(path)).sources) > 1:
            continue
        copy = tmp_path / path.name
        shutil.copyfile(path, copy)
        before = load(str(copy)).contract
        ran = mallgen("api", "lint", "-api", str(copy), "--fix")
        after = load(str(copy)).contract
        assert before is not None
        assert after is not None, ran.err
        assert [(r.method, r.handler) for g in before.groups for r in g.routes] == [
            (r.method, r.handler) for g in after.groups for r in g.routes
        ]
        fixed += copy.read_bytes() != path.read_bytes()
    assert fixed > 3
