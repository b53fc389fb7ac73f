"""hooks.py of a generated project, as docs/errors-and-envelopes.md shows it, over a socket, however it is started."""

import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.conftest import ROOT, mallgen
from tests.ports import free_port
from tests.run.service import Answer, Service

CONTRACT = """
type IdReq {
	Id int64 `path:"id"`
}

type BodyReq {
	Name string `json:"name"`
}

type Thing {
	Id   int64  `json:"id,string"`
	Name string `json:"name"`
}

@server (
	maxBytes: 64
)
service things-api {
	@handler Get
	get /things/:id (IdReq) returns (Thing)
	@handler Make
	post /things (BodyReq)
}

@server (
	jwt: Auth
)
service things-api {
	@handler Secret
	get /secret returns (Thing)
}
"""
LOGIC = {
    "get": "from things_api.schemas import IdReq, Thing\n\n\nclass GetLogic:\n    def __init__(self, ctx, svc): ...\n\n"
    "    async def get(self, req: IdReq) -> Thing:\n        1 / (req.id - 500)\n"
    "        return Thing(id=req.id, name='n')\n",
    "make": "class MakeLogic:\n    def __init__(self, ctx, svc): ...\n\n    async def make(self, req) -> None: ...\n",
}
SETTINGS = """
Cors: {Origins: [https://shop.example]}
Compress: {Enabled: true, MinBytes: 20}
Static: [{Path: /files, Folder: site}]
"""
PAGE = (ROOT / "docs" / "errors-and-envelopes.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate a project, give it logic, and the envelope of the documentation as its hooks.py."""
    folder = tmp_path_factory.mktemp("things")
    (folder / "things.api").write_text('syntax = "v1"\n' + CONTRACT, encoding="utf-8")
    ran = mallgen("api", "py", "-api", str(folder / "things.api"), "-dir", str(folder))
    assert ran.code == 0, ran.err
    for name, text in LOGIC.items():
        (folder / "things_api" / "logic" / f"{name}_logic.py").write_text(text, encoding="utf-8")
    (folder / "things_api" / "hooks.py").write_text(BLOCKS[0], encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def service(project: Path) -> Iterator[Service]:
    """Run the project by `python -m`, with rules for other origins, packed answers and a folder of files."""
    (project / "site").mkdir()
    (project / "site" / "a.txt").write_text("a" * 5000, encoding="utf-8")
    with Service(project, "things_api", SETTINGS) as running:
        yield running


def test_one_envelope_over_all_statuses(service: Service) -> None:
    answers = {
        200: service.get("/things/7"),
        201: service.post("/things", {"name": "a"}),
        400: service.post("/things", {}),
        401: service.get("/secret"),
        404: service.get("/nothing"),
        405: service.request("DELETE", "/things/7"),
        413: service.post("/things", {"name": "a" * 100}),
        500: service.get("/things/500"),
    }
    empty = answers.pop(201)
    assert (empty.status, empty.json()) == (200, {"code": 0, "msg": "ok", "data": None})
    good = answers.pop(200)
    assert (good.status, good.json()) == (200, {"code": 0, "msg": "ok", "data": {"id": "7", "name": "n"}})
    assert {one.status: (set(one.json()), one.json()["code"]) for one in answers.values()} == {
        status: ({"code", "msg", "data"}, status) for status in answers
    }
    assert answers[405].headers["allow"] == "GET, HEAD, OPTIONS"
    assert {one.headers["content-type"] for one in answers.values()} == {"application/json; charset=utf-8"}


def test_cors_gzip_and_files_over_a_socket(service: Service) -> None:
    page = {"Origin": "https://shop.example", "Accept-Encoding": "gzip"}
    answer = service.get(f"/{'x' * 500}", headers=page)
    assert (answer.status, json.loads(gzip.decompress(answer.body))["code"]) == (404, 404)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["vary"] == "Accept-Encoding, Origin"
    head = service.request("HEAD", "/things/7", headers=page)
    assert (head.status, head.body, head.headers["vary"]) == (200, b"", "Accept-Encoding, Origin")
    wants = {**page, "Access-Control-Request-Method": "GET"}
    for path in ("/things/7", "/secret", "/nothing"):
        found = service.request("OPTIONS", path, headers=wants)
        assert (found.status, found.headers["access-control-allow-origin"]) == (204, "https://shop.example")
    file = service.get("/files/a.txt", headers=page)
    assert (file.body, file.headers["access-control-allow-origin"]) == (b"a" * 5000, "https://shop.example")
    part = service.get("/files/a.txt", headers={"Range": "bytes=0-9", "If-Range": file.headers["etag"]})
    assert (part.status, part.headers["content-range"]) == (206, "bytes 0-9/5000")
    assert service.get("/files/../etc/things-api.yaml").status == 404
    assert (
        service.raw(b"GET /files/%2e%2e/etc/test.yaml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")[9:12] == b"404"
    )


def test_the_installed_command_and_uvicorn_have_them_too(project: Path) -> None:
    ports = [free_port(), free_port()]
    etc = project / "etc" / "command.yaml"
    etc.write_text(f"Name: things-api\nHost: 127.0.0.1\nPort: {ports[0]}\n", encoding="utf-8")
    command = [sys.executable, "-c", "from things_api.app import run; run()", "-f", str(etc)]
    factory = [sys.executable, "-m", "uvicorn", "--factory", "things_api.app:create_app", "--port", str(ports[1])]
    env = {**os.environ, "AUTH_ACCESS_SECRET": "s" * 32}
    running = [
        subprocess.Popen(words, cwd=project, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for words in (command, factory)
    ]
    try:
        for port in ports:
            assert asked(port, "/things/7").json()["data"] == {"id": "7", "name": "n"}
            assert asked(port, "/nothing").json()["code"] == 404
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=20)


def asked(port: int, path: str) -> Answer:
    """Return the answer of a service that may still be starting."""
    deadline = time.monotonic() + 20
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        finally:
            connection.close()


def test_codes_of_your_own(project: Path) -> None:
    code = (
        "import asyncio, things_api.hooks as hooks\n"
        "from mallgen_runtime.testing import Client\n"
        "from things_api.app import create_app\n"
        "import things_api.logic.make_logic as made\n"
        "async def refuse(self, req): raise hooks.CodeError(40012, 'the coupon has been used')\n"
        "made.MakeLogic.make = refuse\n"
        "async def talk():\n"
        "    async with Client(create_app()) as client:\n"
        "        print((await client.post('/things', json={'name': 'a'})).body.decode())\n"
        "asyncio.run(talk())\n"
    )
    before = project / "things_api" / "hooks.py"
    text = before.read_text(encoding="utf-8")
    before.write_text(BLOCKS[1], encoding="utf-8")
    try:
        env = {**os.environ, "AUTH_ACCESS_SECRET": "s" * 32}
        ran = subprocess.run([sys.executable, "-c", code], cwd=project, env=env, capture_output=True, check=True)
    finally:
        before.write_text(text, encoding="utf-8")
    assert json.loads(ran.stdout) == {"code": 40012, "msg": "the coupon has been used", "data": None}


def test_the_page_has_no_other_examples() -> None:
    assert len(BLOCKS) == 2
