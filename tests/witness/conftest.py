"""The processes that tests of witnesses share."""

from collections.abc import Iterator

import pytest

from tests.witness.pairs import Versions, both_versions


@pytest.fixture(scope="session")
def versions() -> Iterator[Versions]:
    """Both children, started once."""
    with both_versions() as found:
        yield found
