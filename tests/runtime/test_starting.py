"""The message of a service when libraries that it needs are not installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

HIDING = """
import os, sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in os.environ["HIDDEN"].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""


@pytest.mark.parametrize(
    ("service", "hidden", "said"),
    [
        ("mall", "joserfc", "mall_api needs joserfc, not"),
        ("mall", "multipart,grpc", "mall_api needs multipart, grpc, not"),
        ("mall", "google", "mall_api needs google.protobuf, not"),
        ("order", "grpc_health", "order_rpc needs grpc_health, not"),
    ],
)
def test_a_missing_library_is_one_line(tmp_path: Path, service: str, hidden: str, said: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDING, encoding="utf-8")
    kind = "api" if service == "mall" else "rpc"
    extras = "rest,rpc" if service == "mall" else "rpc"
    ran = subprocess.run(
        [sys.executable, "-m", f"{service}_{kind}"],
        cwd=ROOT / "generated" / service,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "HIDDEN": hidden},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 3
    assert ran.stderr.startswith(f"error[environment] {said} installed for {sys.executable}: pip install ")
    assert f"'mallgen-runtime[{extras}]'" in ran.stderr
    assert ran.stderr.count("\n") == 1
