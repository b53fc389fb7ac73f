"""create_app needs no arguments, so that any ASGI server can run the service."""

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.run.shop import bff_alone

pytestmark = pytest.mark.slow
SERVERS = {
    "uvicorn": ["uvicorn", "--factory", "mall_api.app:create_app", "--port"],
    "granian": ["granian", "--interface", "asgi", "--factory", "mall_api.app:create_app", "--port"],
}


@pytest.mark.parametrize("server", SERVERS)
def test_the_shop_answers_under(server: str, tmp_path: Path) -> None:
    folder = bff_alone(tmp_path)
    port = free_port()
    command = [sys.executable, "-m", *SERVERS[server], str(port)]
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, stdout=file, stderr=file)
    try:
        assert b'"products"' in answer(process, f"http://127.0.0.1:{port}/v1/recommend?ps=1"), log.read_text()
    finally:
        process.terminate()
        process.wait(timeout=20)


def answer(process: "subprocess.Popen[bytes]", url: str) -> bytes:
    """Wait until a program listens at a URL and return the body; return nothing when the process ends first."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as found:
                body: bytes = found.read()
                return body
        except OSError:
            time.sleep(0.1)
    return b""
