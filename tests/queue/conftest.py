"""The queues that the suite of guarantees runs on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Settings = dict[str, Any]


def embedded(folder: Path) -> Iterator[Settings]:
    """Yield the settings of an embedded queue of its own."""
    yield {"file": str(folder / "queue.db")}


QUEUES: dict[str, Callable[[Path], Iterator[Settings]]] = {"embedded": embedded}


@pytest.fixture(params=sorted(QUEUES))
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Yield the settings of a queue that consumers and producers share."""
    yield from QUEUES[request.param](tmp_path)


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """Return a topic's name of the test's own."""
    return "seckill." + "".join(sign if sign.isalnum() else "-" for sign in request.node.name)
