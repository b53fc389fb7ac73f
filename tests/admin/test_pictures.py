"""Pictures that are uploaded into an admin service: known by their bytes, kept and shown by names of its own."""

import asyncio
import os
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from mallgen_runtime import ApiError, App, Context, Response, RestConf, Route, ServiceBase
from mallgen_runtime.admin import Pictures, PicturesConf
from mallgen_runtime.admin.pictures import PictureFolder
from mallgen_runtime.testing import Client
from tests.admin.service import AdminService, Said, make

DDL = "CREATE TABLE `product` (`id` bigint NOT NULL AUTO_INCREMENT, `image` varchar(200) NOT NULL, PRIMARY KEY (`id`));"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccfc0500f0004850180"
    "84a98c210000000049454e44ae426082"
)
STARTS = {
    "png": PNG,
    "jpg": b"\xff\xd8\xff\xe0rest",
    "gif": b"GIF89arest",
    "webp": b"RIFF\x00\n\x00\x00WEBPrest",
    "avif": b"\0\0\0\x20ftypavifrest",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminService]:
    running = AdminService(make(tmp_path_factory.mktemp("pictures"), "shop-admin", DDL, "product"), "shop_admin")
    running.start_with_ann()
    yield running
    running.stop()


def _upload(service: AdminService, content: bytes, name: str = "a.png", token: str | None = None) -> Said:
    head = (
        f'--x\r\ncontent-disposition: form-data; name="picture"; filename="{name}"\r\ncontent-type: image/png\r\n\r\n'
    )
    body = head.encode() + content + b"\r\n--x--\r\n"
    connection = HTTPConnection("127.0.0.1", service.port, timeout=20)
    headers = {"content-type": "multipart/form-data; boundary=x"}
    if found := service.token if token is None else token:
        headers["authorization"] = f"Bearer {found}"
    try:
        connection.request("POST", "/v1/admin-picture", body, headers)
        answer = connection.getresponse()
        return Said(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("kind", STARTS)
def test_a_picture_is_known_by_its_bytes_and_shown_as_what_it_is(service: AdminService, kind: str) -> None:
    said = _upload(service, STARTS[kind], "../../evil.html")
    assert said.status == 200, said.body
    url = said.json["url"]
    assert url.startswith("/pictures/")
    assert url.endswith(f".{kind}")
    shown = service.ask("GET", url)
    assert shown.body == STARTS[kind]
    assert shown.headers["content-type"] == f"image/{'jpeg' if kind == 'jpg' else kind}"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    folder = service.folder / "data" / "pictures"
    assert url.rpartition("/")[2] in os.listdir(folder)
    assert all("evil" not in name and not name.startswith(".") for name in os.listdir(folder))
    assert _upload(service, STARTS[kind]).json["url"] == url


@pytest.mark.parametrize(
    "content", [b"", b"<script>alert(1)</script>", b'<svg xmlns="http://www.w3.org/2000/svg"/>', b" " + PNG, b"MZ\x90"]
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(service: AdminService, content: bytes) -> None:
    said = _upload(service, content, "a.png")
    assert said.status == 400
    assert said.json["errors"][0]["name"] == "picture"


def test_a_picture_is_bounded(service: AdminService) -> None:
    assert _upload(service, PNG + bytes(5 << 20)).status == 413
    assert _upload(service, PNG + bytes((5 << 20) - len(PNG))).status == 200


def test_nobody_uploads_or_looks_without_a_login_and_its_role(service: AdminService) -> None:
    url = _upload(service, PNG).json["url"]
    assert _upload(service, PNG, token="").status == 401
    assert service.ask("GET", url, token="").status == 401
    assert service.manage("createuser", "rita").returncode == 0
    token = service.login("rita").json["accessToken"]
    assert _upload(service, PNG, token=token).status == 403
    assert service.ask("GET", url, token=token).status == 200


@pytest.mark.parametrize(
    "name", ["..%2f..%2fetc%2fshop_admin.yaml", "%2e%2e", "x.png", f"{'0' * 40}.png", f"{'0' * 40}.svg", "a%00.png"]
)
def test_only_names_that_were_made_here_are_shown(service: AdminService, name: str) -> None:
    assert service.ask("GET", f"/pictures/{name}").status in (400, 404)


class Shelf:
    """A place for pictures in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, str]] = {}

    async def keep(self, name: str, content: bytes, content_type: str) -> None:
        """Keep a picture."""
        self.kept[name] = content, content_type

    async def find(self, name: str) -> bytes | None:
        """Return a picture."""
        return self.kept[name][0] if name in self.kept else None


def test_another_place_takes_what_the_folder_would(tmp_path: Path) -> None:
    shelf = Shelf()
    config = PicturesConf(folder=str(tmp_path / "pictures"), url="https://cdn.example/pictures/")
    pictures = Pictures(config, shelf)

    async def endpoint(ctx: Context, svc: object) -> Response:
        return Response((await pictures.keep(ctx)).encode())

    async def shown(ctx: Context, svc: object) -> Response:
        return await pictures.show(ctx.params["name"])

    config_of_service = RestConf(name="a", host="127.0.0.1", port=0)
    routes = [Route("POST", "/p", endpoint), Route("GET", "/p/:name", shown)]

    async def used() -> None:
        async with Client(App(config_of_service, ServiceBase(config_of_service), routes)) as client:
            url = (await client.post("/p", files={"picture": ("a.png", PNG)})).body.decode()
            assert url.startswith("https://cdn.example/pictures/")
            name = url.rpartition("/")[2]
            assert shelf.kept == {name: (PNG, "image/png")}
            assert (await client.get(f"/p/{name}")).body == PNG

    asyncio.run(used())
    assert not (tmp_path / "pictures").exists()


def test_a_folder_takes_no_more_than_its_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of another process count, the same picture counts once, and room is found again when files are deleted."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "earlier.png").write_bytes(bytes(50))
    place = PictureFolder(str(folder), 100)

    async def keep(name: str, size: int) -> None:
        await place.keep(name, bytes(size), "image/png")

    asyncio.run(keep("a.png", 50))
    asyncio.run(keep("a.png", 50))
    with pytest.raises(ApiError, match="413 pictures_full"):
        asyncio.run(keep("b.png", 1))
    assert sorted(os.listdir(folder)) == ["a.png", "earlier.png"]
    (folder / "earlier.png").unlink()
    with pytest.raises(ApiError):
        asyncio.run(keep("b.png", 1))  # not counted anew for each upload
    monkeypatch.setattr("mallgen_runtime.admin.pictures._COUNT_AGAIN", 0.0)
    asyncio.run(keep("b.png", 50))
    with pytest.raises(ApiError):
        asyncio.run(keep("c.png", 1))
    asyncio.run(PictureFolder(str(folder)).keep("c.png", bytes(1), "image/png"))
