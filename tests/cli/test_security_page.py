"""docs/security.md names tests, and each of them exists."""

import re

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_each_named_test_exists() -> None:
    """A row whose test was renamed or removed would promise a defence that no test covers."""
    missing = []
    for path, name in NAMED.findall(PAGE.read_text()):
        file = ROOT / path
        if not file.is_file() or (
            name and f"def {name}(" not in file.read_text() and f"class {name}" not in file.read_text()
        ):
            missing.append(f"{path}::{name}")
    assert missing == []


def test_each_row_names_a_test() -> None:
    """The last cell of each row names a test."""
    rows = [
        line
        for line in PAGE.read_text().splitlines()
        if line.startswith("| ") and not line.startswith(("| attack", "| question"))
    ]
    assert [row for row in rows if not NAMED.search(row)] == []
