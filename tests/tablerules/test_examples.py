"""Each rule of model lint fires on its example and is silent on the other one; docs/model-lint.md shows both."""

import sys
from pathlib import Path

import pytest

from mallgen.rules.chain_codes import CHAIN_CODES
from mallgen.tablerules import rules
from tests.conftest import ROOT, mallgen

sys.path.insert(0, str(ROOT / "scripts"))

from model_lint_page import linted_tables, table_examples


def test_every_rule_has_an_example() -> None:
    assert table_examples().keys() == rules().keys()


@pytest.mark.parametrize("code", rules())
def test_a_rule_fires_on_its_example_and_not_on_the_other(code: str, here: Path) -> None:
    example, rule = table_examples()[code], rules()[code]
    item, *more = linted_tables(example.before, rule)
    assert item.diagnostic.code == code and not more
    assert linted_tables(example.after, rule) == []
    (here / "shop.sql").write_text(example.before, encoding="utf-8")
    ran = mallgen("model", "lint", "shop.sql", "--format", "concise")
    assert ran.code == 1 and f"[{code}]" in ran.out
    mallgen("model", "fix", "--write", "shop.sql")
    mended = (here / "shop.sql").read_text(encoding="utf-8")
    assert mended == (example.after if item.edits else example.before)


@pytest.mark.parametrize("code", rules())
def test_no_other_rule_fires_on_what_is_right(code: str, here: Path) -> None:
    (here / "shop.sql").write_text(table_examples()[code].after, encoding="utf-8")
    ran = mallgen("model", "lint", "shop.sql")
    assert (ran.code, ran.out) == (0, ""), ran.err


def test_the_tables_of_the_shop_are_clean() -> None:
    ran = mallgen("model", "lint", str(ROOT / "examples" / "sql" / "data.sql"))
    assert ran.code == 0, ran.err


def test_rules_of_both_commands_have_different_codes() -> None:
    assert not set(CHAIN_CODES) & rules().keys()
