"""Two services that are shared by the tests of a module: a BFF, and the RPC service that it calls."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.observed.running import Observed, running


class Pair(NamedTuple):
    """The two services."""

    bff: Observed
    rpc: Observed


@pytest.fixture(scope="module")
def more() -> str:
    """Return the settings that a module's services have besides."""
    return ""


@pytest.fixture(scope="module")
def stores() -> str:
    """Return the settings of the RPC service's stores."""
    return ""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, more: str, stores: str) -> Iterator[Pair]:
    """Run both services."""
    folder = tmp_path_factory.mktemp("observed")
    admin = f"DevServer: {{{{Host: 127.0.0.1, Port: {{admin}}}}}}\n{more}"
    with running(folder, "rpc", f"Name: demo.rpc\nListenOn: 127.0.0.1:{{port}}\n{admin}{stores}") as rpc:
        calls = f"DemoRpc: {{{{Endpoints: ['127.0.0.1:{rpc.port}']}}}}\n"
        with running(folder, "bff", f"Name: demo\nHost: 127.0.0.1\nPort: {{port}}\n{admin}{calls}") as bff:
            yield Pair(bff, rpc)
