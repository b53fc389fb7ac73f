"""Random DDL breaks nothing, and what broke something once never does again."""

from collections.abc import Callable

import pytest

from mallgen.tables.detect import detect
from tests.tables.fuzzing import FOUND, campaign, check


def test_six_hundred_random_texts() -> None:
    outcomes, broken = campaign(0, 600)
    assert broken == []
    assert outcomes["read"] > 30
    assert outcomes["refused"] > 180


@pytest.mark.slow
def test_thirty_thousand_random_texts(record_property: Callable[[str, object], None]) -> None:
    outcomes, broken = campaign(0, 30_000)
    record_property("figure", f"fuzz of DDL: {outcomes.total()} texts, {dict(outcomes)}, {len(broken)} broken")
    assert broken == []


def test_texts_that_were_found() -> None:
    for path in sorted(FOUND.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        check(text, detect(text))
