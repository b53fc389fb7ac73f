"""The rules of api lint on public contracts: none fires on most of them, and a fixed contract means the same."""

import importlib.util
import json
import posixpath
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from mallgen.lint import lint, rules
from mallgen.lint.scope import LintScope
from mallgen.loading.load import load
from tests.conftest import ROOT, mallgen

MOST = 0.2


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """Import scripts/build_pages.py, which has the examples."""
    spec = importlib.util.spec_from_file_location("build_pages", ROOT / "scripts" / "build_pages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_rule_has_an_example(script: ModuleType) -> None:
    assert script.examples().keys() == rules().keys()


@pytest.mark.parametrize("code", rules())
def test_a_rule_fires_on_its_example_and_not_on_the_other(script: ModuleType, code: str, here: Path) -> None:
    example, rule = script.examples()[code], rules()[code]
    item, *more = script.linted(example.before, rule)[1]
    assert item.diagnostic.code == code and not more
    assert item.diagnostic.severity == rule.severity
    assert script.linted(example.after, rule)[1] == []
    (here / "shop.api").write_text(example.before, encoding="utf-8")
    ran = mallgen("api", "lint", "-api", "shop.api", "--fix", "--select", code)
    safe = bool(item.edits) and not item.changes
    assert (here / "shop.api").read_text(encoding="utf-8") == (example.after if safe else example.before), ran.err
    mallgen("api", "lint", "-api", "shop.api", "--fix", "--unsafe-fixes", "--select", code)
    assert (here / "shop.api").read_text(encoding="utf-8") == (example.after if item.edits else example.before)


def test_the_figures_of_the_page_are_those_of_the_corpus(script: ModuleType, corpus: Path) -> None:
    assert script.counted(corpus) == script.kept(), "scripts/build_pages.py --corpus"


def meaning(path: Path) -> object:
    """Return what matters at run time: routes with clean paths, and the bindings of each field."""
    contract = load(str(path)).contract
    assert contract is not None
    routes = sorted(
        (r.method, posixpath.normpath(r.full_path), r.handler, repr(r.request), repr(r.response))
        for g in contract.groups
        for r in g.routes
    )
    fields = [(t.name, [(f.name, f.bindings, f.together) for f in t.fields]) for t in contract.types]
    return [re.sub(r"span=Span\([^)]*\)", "", str(route)) for route in routes], fields


@pytest.mark.slow
def test_fixes_that_nobody_asked_for_change_no_meaning(corpus: Path, tmp_path: Path, script: ModuleType) -> None:
    texts = [e.before for e in script.examples().values()]
    texts += [p.read_text("utf-8") for p in sorted(corpus.rglob("*.api")) if "golden" not in str(p)]
    path = tmp_path / "x.api"
    fixed = 0
    for text in texts:
        path.write_text(re.sub(r"(?m)^(\t\w+ /[\w/:-]+\w)( |$)", r"\1/\2", text), encoding="utf-8")
        if load(str(path)).contract is None:
            continue
        before = meaning(path)
        fixed += " fixed in " in mallgen("api", "lint", "-api", str(path), "--fix", "--select", "all").err
        assert meaning(path) == before
    assert fixed > 10


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
        found = lint(LintScope(loaded.contract), tuple(rules().values()))
        findings += sum(rules()[item.diagnostic.code].default for item in found)
        fires.update({item.diagnostic.code for item in found})
    record_property("figure", f"lint: {len(rules())} rules, {findings} findings on {files} contracts of the corpus")
    assert files > 20
    assert {code for code, rule in rules().items() if rule.default and fires[code] > MOST * files} == set()


def test_what_is_found_in_the_shop() -> None:
    """The article's user ids come from the query: that is reported, and nothing else."""
    ran = mallgen("api", "lint", "-api", str(ROOT / "examples" / "mall.api"), "--format", "json")
    found = Counter(item["code"] for item in json.loads(ran.out))
    assert (ran.code, found) == (1, {"user-id-from-query": 2})


@pytest.mark.slow
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
        ran = mallgen("api", "lint", "-api", str(copy), "--fix", "--unsafe-fixes")
        after = load(str(copy)).contract
        assert before is not None
        assert after is not None, ran.err
        assert [(r.method, r.handler) for g in before.groups for r in g.routes] == [
            (r.method, r.handler) for g in after.groups for r in g.routes
        ]
        fixed += copy.read_bytes() != path.read_bytes()
    assert fixed > 3
