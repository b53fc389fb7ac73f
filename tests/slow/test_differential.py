"""The verdicts of goctl and mallgen on 5 000 mutated contracts."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.differential import compare, fixing, owned
from tests.differential.goctl import Missing, driver, required, verdicts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def goctl() -> None:
    """Build goctl's parser; without Go skip, or fail in CI."""
    try:
        driver()
    except Missing as problem:
        if required():
            raise
        pytest.skip(str(problem))


def test_no_disagreement_is_unexplained(
    tmp_path: Path, corpus: Path, record_property: Callable[[str, object], None]
) -> None:
    outcome = compare.compare(compare.mutants(tmp_path, compare.COUNT, compare.SEED))
    record_property("figure", "\n".join(compare.report(outcome)))
    assert outcome.files >= 5_000
    assert outcome.accepted > 500
    assert not outcome.unexplained


def test_what_api_fix_writes_is_what_goctl_reads(
    tmp_path: Path, corpus: Path, record_property: Callable[[str, object], None]
) -> None:
    outcome = fixing.run(tmp_path, fixing.COUNT, fixing.SEED)
    record_property("figure", fixing.report(outcome))
    assert outcome.same > 300
    assert not outcome.wrong


def test_what_is_kept_of_goctl_is_what_it_says() -> None:
    kept = {title: answer for title, _, answer in owned.answers()}
    assert owned.asked() == kept, "python -m tests.differential.owned"


def test_a_process_that_ends_is_started_again(tmp_path: Path) -> None:
    texts = {"a": "service f {\n@handler a\nget /x\n}", "empty": "", "blank": " \n", "b": "type"}
    files = []
    for name, text in texts.items():
        files.append(tmp_path / f"{name}.api")
        files[-1].write_text(text)
    found = verdicts(files)
    assert [found[path].ok for path in files] == [True, False, False, False]
    assert found[files[1]].said.startswith("exit: ")
    assert found[files[2]].said.startswith("panic: ")


def test_the_gallery_has_goctls_own_words() -> None:
    spec = importlib.util.spec_from_file_location("build_errors", ROOT / "scripts" / "build_errors.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    kept = json.loads(script.WORDS.read_text(encoding="utf-8"))
    now = script.goctl()
    assert kept.keys() == now.keys()
    assert [title for title in kept if kept[title] != now[title]] == []
