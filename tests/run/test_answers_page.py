"""The examples of docs/answers.md, and go-zero's own download example, generated, filled in and called."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mallgen_runtime.testing import Client
from tests.run.example import blocks, project
from tests.run.service import Service

CODE = blocks("answers.md", "python")
IMPORTS = (
    "from mallgen_runtime import ApiError, FileResponse, StreamingResponse\nfrom collections.abc import AsyncIterator\n"
)


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in ("report_api", "download_api")]:
        del sys.modules[name]


def test_the_examples_of_the_page(tmp_path: Path) -> None:
    logic = {
        "make": CODE[0],
        "show": CODE[1],
        "watch": CODE[2],
        "drop": "    async def drop(self) -> None:\n        pass\n",
    }
    app = project(tmp_path, blocks("answers.md", "api")[0], logic, IMPORTS).create_app()
    app.svc.folder = tmp_path
    (tmp_path / "7.pdf").write_bytes(b"%PDF-1.7")

    async def talk() -> None:
        async with Client(app) as client:
            made = await client.post("/reports")
            assert (made.status, made.json(), made.headers["location"]) == (
                201,
                {"id": 7, "title": "May"},
                "/reports/7",
            )
            assert made.headers["set-cookie"].startswith("last=7; Max-Age=3600; Path=/; Secure")
            assert (await client.get("/reports/7")).json() == {"id": 7, "title": "May"}
            pdf = await client.get("/reports/7", params={"kind": "pdf"}, headers={"range": "bytes=1-3"})
            assert (pdf.status, pdf.body, pdf.headers["content-type"]) == (206, b"PDF", "application/pdf")
            assert pdf.headers["content-disposition"].endswith("filename*=UTF-8''%E6%8A%A5%E5%91%8A%207.pdf")
            assert (await client.get("/reports/8", params={"kind": "pdf"})).status == 404
            csv = await client.get("/reports/2", params={"kind": "csv"})
            assert (csv.body, csv.headers["content-type"]) == (b"number\n0\n1\n", "text/csv; charset=utf-8")
            assert (await client.request("DELETE", "/reports")).status == 204
            events = await client.get("/reports/7/progress", headers={"last-event-id": "1"})
            assert events.body == b'id: 2\ndata: {"percent":2}\n\nid: 3\ndata: {"percent":3}\n\n'
            assert (await client.get("/reports/0/progress")).status == 404
            assert (await client.request("OPTIONS", "/reports")).headers["allow"] == "DELETE, OPTIONS, POST"

    asyncio.run(talk())


DOWNLOAD = """    async def download(self, req: Request) -> FileResponse:
        if "/" in req.file or req.file.startswith("."):
            raise ApiError(404, "not_found")
        return FileResponse(self.svc.folder / req.file, filename=req.file)
"""


def test_the_example_of_go_zero(tmp_path: Path, corpus: Path) -> None:
    contract = (corpus / "zeromicro+zero-examples" / "http" / "download" / "download.api").read_text(encoding="utf-8")
    app = project(tmp_path, contract, {"download": DOWNLOAD}, IMPORTS).create_app()
    app.svc.folder = tmp_path
    (tmp_path / "a.txt").write_bytes(b"content")

    async def talk() -> None:
        async with Client(app) as client:
            found = await client.get("/static/a.txt")
            assert (found.status, found.body) == (200, b"content")
            assert found.headers["content-disposition"] == 'attachment; filename="a.txt"'
            assert [(await client.get(f"/static/{name}")).status for name in ("b.txt", ".hidden")] == [404, 404]

    asyncio.run(talk())


ENDLESS = """    async def watch(self, req: WatchRequest) -> AsyncIterator[Progress | ServerEvent[Progress]]:
        try:
            yield Progress(percent=1)
            await asyncio.Event().wait()
        finally:
            self.ctx.log.info("the stream was closed")
"""


def test_a_process_ends_its_streams_with_a_signal(tmp_path: Path) -> None:
    project(tmp_path, blocks("answers.md", "api")[0], {"watch": ENDLESS}, f"import asyncio\n{IMPORTS}")
    with Service(tmp_path, "report_api", "Log:\n  Level: info\n") as service:
        reader = socket.create_connection(("127.0.0.1", service.port), 10)
        reader.sendall(b"GET /reports/7/progress HTTP/1.1\r\nhost: a\r\n\r\n")
        received = b""
        while b"data:" not in received:
            received += reader.recv(4096)
        assert service.stop() == 0
        while piece := reader.recv(4096):
            received += piece
    assert received.endswith(b'data: {"percent":1}\n\n\r\n0\r\n\r\n')
    assert "the stream was closed" in service.lines()
