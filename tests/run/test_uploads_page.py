"""The example of docs/uploads.md, and go-zero's own upload example, generated, filled in and called."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mallgen_runtime.testing import Client
from tests.run.example import blocks, project

CODE = blocks("uploads.md", "python")


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "upload_api"]:
        del sys.modules[name]


def test_the_example_of_the_page(tmp_path: Path) -> None:
    contract = blocks("uploads.md", "api")[0]
    app = project(tmp_path, contract, {"upload": CODE[0], "import": CODE[1]}, "import uuid\n").create_app()
    app.svc.folder = tmp_path / "kept"
    app.svc.folder.mkdir()

    async def talk() -> None:
        async with Client(app) as client:
            photo = {"photo": ("../me.png", b"\x89PNG", "image/png")}
            answer = await client.post("/upload", data={"title": "Me"}, files=photo)
            assert answer.json() == {"title": "Me", "size": 4}
            assert (await client.post("/upload", files=photo)).json()["title"] == "me.png"
            assert [path.read_bytes() for path in app.svc.folder.iterdir()] == [b"\x89PNG"] * 2
            assert (await client.post("/upload", data={"title": "Me"})).status == 400
            long = await client.post("/upload", data={"title": "x" * 81}, files=photo)
            assert long.json()["errors"] == [
                {"source": "form", "name": "title", "reason": "must have at most 80 characters"}
            ]
            assert (await client.post("/import", data=b"12345")).json() == {"title": "", "size": 5}

    asyncio.run(talk())


SAVE = """    async def upload(self) -> Response:
        file = await self.ctx.file("myFile")
        await file.save(self.svc.folder / "uploaded")
        return Response(ok=0)
"""


def test_the_example_of_go_zero(tmp_path: Path, corpus: Path) -> None:
    contract = (corpus / "zeromicro+zero-examples" / "http" / "upload" / "upload.api").read_text(encoding="utf-8")
    app = project(tmp_path, contract, {"upload": SAVE}).create_app()
    app.svc.folder = tmp_path

    async def talk() -> None:
        async with Client(app) as client:
            answer = await client.post("/upload", files={"myFile": ("a.txt", b"content", "text/plain")})
            assert (answer.status, answer.body) == (200, b'{"ok":0}')

    asyncio.run(talk())
    assert (tmp_path / "uploaded").read_bytes() == b"content"
