"""The queues that the suite of guarantees runs on."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

Settings = dict[str, Any]


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.slow)])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return the settings of a queue that consumers and producers share."""
    if request.param == "kafka":
        return {"brokers": [request.getfixturevalue("kafka_server").host]}
    return {"file": str(tmp_path / "queue.db")}


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """Return a topic's name of the test's own, whatever its parameters look like."""
    return f"seckill.{request.node.originalname[:100]}.{sha256(request.node.name.encode()).hexdigest()[:12]}"
