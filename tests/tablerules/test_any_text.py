"""Any text at all can be judged and mended: nothing raises, and mending what is mended changes nothing."""

import random
from collections.abc import Iterator

import pytest

from mallgen.tablerules import RULES
from mallgen.tablerules.mend import mend_tables
from mallgen.tablerules.scope import TableScope
from mallgen.tablerules.suppress import table_findings
from mallgen.tables.read import DdlSource, read
from mallgen.text.limits import DEFAULT, Limits
from tests.conftest import ROOT

PIECES = (
    *(
        "NOT",
        "NULL",
        "DEFAULT",
        "(",
        ")",
        ",",
        ";",
        "'",
        "`",
        '"',
        "--",
        "/*",
        "*/",
        "\n",
        "CREATE TABLE",
        "PRIMARY KEY",
    ),
    *(
        "utf8",
        "NUMBER",
        "'0000-00-00'",
        "，",
        "KEY",
        "CHARSET=",
        "COLLATE ",
        "timestamp ",
        "\r\n",
        "\x00",
        "ALTER TABLE",
    ),
    *(
        "-- mallgen:ignore reserved-name x\n",
        "CREATE VIEW v AS SELECT ",
        "REFERENCES a.b (",
        "-- mallgen:list x by id, ",
    ),
)
SEEDS = [
    (ROOT / "examples" / "sql" / "data.sql").read_text(encoding="utf-8")[:6000],
    (ROOT / "tests" / "data" / "model_lint_examples.txt").read_text(encoding="utf-8"),
    (ROOT / "tests" / "cases" / "model" / "fix.md").read_text(encoding="utf-8")[:1500],
]


def texts(seed: int) -> Iterator[str]:
    """Yield texts that nobody meant to write."""
    chance = random.Random(seed)
    for _ in range(40):
        text = chance.choice(SEEDS)
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(text))
            cut = at + chance.choice((0, 0, chance.randint(1, 30)))
            text = text[:at] + chance.choice(("", *PIECES)) + text[cut:]
        yield text


@pytest.mark.parametrize("seed", range(5))
def test_any_text(seed: int) -> None:
    rules = RULES.chosen(("all",), ())
    for text in texts(seed):
        plain = text.replace("\r\n", "\n")
        result = read([DdlSource("a.sql", plain)])
        table_findings(TableScope(result.schema, {"a.sql": plain}), result.diagnostics, rules)
        mended = mend_tables({"a.sql": text}, rules, DEFAULT)
        assert mend_tables(mended.texts, rules, DEFAULT).texts == mended.texts
        lines = plain.split("\n")
        for one in mended.left:
            assert one.span is None or one.span.col <= len(lines[one.span.line - 1]) + 1


@pytest.mark.parametrize(
    ("limits", "count"),
    [(DEFAULT, 1), (DEFAULT._replace(tokens=14), 1), (DEFAULT._replace(tokens=8), 0), (DEFAULT._replace(sql=50), 0)],
)
def test_rules_look_at_as_much_of_a_file_as_the_reader(limits: Limits, count: int) -> None:
    text = "CREATE TABLE a (id bigint PRIMARY KEY) DEFAULT CHARSET=utf8;"
    result = read([DdlSource("a.sql", text)], None, limits)
    assert any(one.severity == "error" for one in result.diagnostics) != count
    scope = TableScope(result.schema, {"a.sql": text}, limits=limits)
    assert len(list(RULES.rules()["charset-utf8mb3"].check(scope))) == count
