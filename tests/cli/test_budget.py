"""The modules that the common command lines may import, because imports are most of the start-up time."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

BANNED = {
    "black",
    "click",
    "dataclasses",
    "importlib.metadata",
    "mallgen.diagnostics.pages",
    "pydantic",
    "lark",
    "rich",
    "typer",
    "typer._click",
    "yaml",
}
SCRIPT = """
import sys
from mallgen.cli.fast import main
code = main(sys.argv[1:])
print(code, *sorted(sys.modules), file=sys.stderr)
"""


def imported(here: Path, *words: str) -> set[str]:
    """Return the modules of a process that ran a command line."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], cwd=here, capture_output=True, text=True, check=True, timeout=60
    )
    code, *modules = ran.stderr.splitlines()[-1].split()
    assert code == "0"
    return set(modules)


@pytest.mark.parametrize(
    ("words", "most"),
    [
        (("--version",), 80),
        (("api", "validate", "-api", str(ROOT / "examples" / "mall.api")), 150),
        (("api", "py", "-api", str(ROOT / "examples" / "mall.api"), "-dir", "."), 228),
    ],
    ids=["version", "validate", "generate"],
)
def test_the_common_path_imports_little(here: Path, words: tuple[str, ...], most: int) -> None:
    modules = imported(here, *words)
    assert not modules & BANNED
    assert len(modules) <= most


def test_an_http_service_loads_no_rpc() -> None:
    code = "import sys, mallgen_runtime; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = ran.stdout.split()
    assert "mallgen_runtime" in loaded
    assert [name for name in loaded if name.startswith(("mallgen_runtime.rpc", "mallgen_runtime.discovery.etcd"))] == []
    assert not {"grpc", "google.protobuf", "prometheus_client"} & set(loaded)
