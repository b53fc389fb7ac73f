"""`make conformance`: measures the agreement with goctl, and fuzzes; tests/conftest.py prints the figures."""

import sys

import pytest

from tests import fuzz
from tests.conftest import ROOT

MEASURED = (
    "test_conformance.py",
    "test_corpus.py",
    "test_format.py",
    "test_lint.py",
    "test_owned.py",
    "run/test_wire.py",
    "slow/test_differential.py",
)


def main(words: list[str]) -> int:
    """Fuzz for SECONDS, then run the tests with the reasons of skips; the figures come last."""
    fuzzed = fuzz.main(words)
    found = [str(path) for path in (ROOT / "tests" / name for name in MEASURED) if path.is_file()]
    return fuzzed or int(pytest.main(["-q", "-rs", "--no-header", "-W", "ignore", *found]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
