"""The examples of docs/websockets.md, generated, filled in, called in memory and as a process that is stopped."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from mallgen_runtime import SocketClosed
from mallgen_runtime.testing import Client
from tests.run.example import blocks, project
from tests.run.service import Service

API = blocks("websockets.md", "api")[0]
CODE = blocks("websockets.md", "python")
IMPORTS = "from mallgen_runtime import ApiError\n"


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "chat_api"]:
        del sys.modules[name]


def test_the_examples_of_the_page(tmp_path: Path) -> None:
    create_app = project(tmp_path, API, {"talk": CODE[0], "count": CODE[1]}, IMPORTS).create_app
    names: dict[str, object] = {"create_app": create_app}
    exec("import pytest\nfrom mallgen_runtime.testing import Client, SocketDenied\n" + CODE[2], names)
    asyncio.run(names["test_a_room"]())  # type: ignore[operator]

    async def more() -> None:
        async with Client(create_app()) as client:
            async with client.websocket("/rooms/7", params={"limit": "1"}) as socket:
                await socket.send({"text": "hello"})
                await socket.receive()
                with pytest.raises(SocketClosed):
                    await socket.receive()
                assert (socket.code, socket.reason) == (4000, "that was enough")
            async with client.websocket("/rooms/7") as socket:
                await socket.send({"text": ""})
                with pytest.raises(SocketClosed) as closed:
                    await socket.receive()
                assert (closed.value.code, closed.value.reason.split()[0]) == (1007, "text")
            async with client.websocket("/count") as socket:
                assert [(await socket.receive())["number"] for _ in range(3)] == [0, 1, 2]
                with pytest.raises(SocketClosed):
                    await socket.receive()
                assert socket.code == 1000

    asyncio.run(more())


def test_a_process_closes_its_sockets_with_a_signal(tmp_path: Path) -> None:
    settings = blocks("websockets.md", "yaml")[0]
    tidies = CODE[0] + '        await asyncio.sleep(1)\n        self.ctx.log.info("the room is tidy")\n'
    project(tmp_path, API, {"talk": tidies}, f"import asyncio\n{IMPORTS}")
    with Service(tmp_path, "chat_api", f"Log:\n  Level: info\n{settings}") as service:
        with connect(f"ws://127.0.0.1:{service.port}/rooms/1", proxy=None) as socket:
            socket.send('{"text":"a"}')
            assert json.loads(socket.recv(10)) == {"text": "1: a", "number": 1}
            service.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        assert service.process.wait(20) == 0
        assert json.loads(service.line_with("/rooms/1"))["closed"] == 1001
        assert "the room is tidy" in service.lines(), "the drain waits for logic whose client has left"


HIDES = """import importlib.util as util

found = util.find_spec
util.find_spec = lambda name, package=None: None if name == "websockets" else found(name, package)
"""


@pytest.mark.parametrize("knows", [True, False], ids=["new project", "project from before"])
def test_a_library_that_is_missing_is_one_line(tmp_path: Path, knows: bool) -> None:
    project(tmp_path, API, {})
    main = tmp_path / "chat_api" / "__main__.py"
    text = main.read_text(encoding="utf-8")
    assert ', "ws")' in text
    if not knows:
        main.write_text(text.replace(', "ws")', ")"), encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(HIDES, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    ran = subprocess.run([sys.executable, "-m", "chat_api"], cwd=tmp_path, env=env, capture_output=True, timeout=30)
    lines = ran.stderr.decode().splitlines()
    assert (ran.returncode, len(lines)) == (3, 1), lines
    assert "websockets" in lines[0].lower()
    assert "mallgen-runtime[" in lines[0]
    assert "ws]'" in lines[0]
