"""Comments with images; the services behind the BFF are classes of this file."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from mallgen_runtime import UploadedFile
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.testing import Client, bearer, made_up_secrets

from mall_api.app import create_app
from mall_api.images import Images
from mall_api.rpc.product import (
    ProductClient,
    ProductItem,
    ProductRequest,
    ProductResponse,
)
from mall_api.rpc.reply import AddCommentRequest, AddCommentResponse, ReplyClient

PNG = b"\x89PNG\r\n\x1a\n and the rest"


class Products(ProductClient):
    """There is product 1 alone."""

    def __init__(self) -> None:
        """It calls nobody."""

    async def products(
        self, req: ProductRequest, *, timeout: float | None = None
    ) -> ProductResponse:
        return ProductResponse(products={n: ProductItem() for n in req.ids if n == 1})


class Replies(ReplyClient):
    """Keeps the comments; does not take `down`, and of `slow` the answer is lost."""

    def __init__(self) -> None:
        self.added: list[AddCommentRequest] = []

    async def add_comment(
        self, req: AddCommentRequest, *, timeout: float | None = None
    ) -> AddCommentResponse:
        if req.content == "down":
            raise RpcError(Code.UNAVAILABLE, "down")
        self.added.append(req)
        if req.content == "slow":
            raise RpcError(Code.DEADLINE_EXCEEDED, "slow")
        return AddCommentResponse(comment_id=len(self.added))


def comment(
    folder: Path, files: dict[str, Any], content: str = "好", product: int = 1
) -> tuple[int, Any, list[AddCommentRequest]]:
    """Send a comment as user 7; return the status, the values of the answer and the comments that there are then."""

    async def talk() -> tuple[int, Any, list[AddCommentRequest]]:
        with made_up_secrets():
            app = create_app()
        replies = app.svc.reply_rpc = Replies()
        app.svc.product_rpc, app.svc.images = Products(), Images(str(folder))
        async with Client(app) as client:
            answer = await client.post(
                "/v1/product/comment",
                data={"product_id": str(product), "content": content},
                files=files,
                headers=bearer(app.svc.config.auth, uid=7),
            )
        return answer.status, answer.json(), replies.added

    return asyncio.run(talk())


def test_images_lie_in_the_folder_under_other_names(tmp_path: Path) -> None:
    status, answer, (added,) = comment(tmp_path, {"images": ("../a.png", PNG)})
    (address,) = answer["images"]
    assert (status, added.user_id, list(added.image_urls)) == (200, 7, [address])
    (file,) = tmp_path.iterdir()
    assert address == f"/images/{file.name}"
    assert file.read_bytes() == PNG


def test_a_comment_without_images(tmp_path: Path) -> None:
    status, answer, added = comment(tmp_path, {})
    assert (status, answer, len(added)) == (200, {"id": 1, "images": []}, 1)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"files": {"images": ("a.png", b"<html>")}}, 400),
        ({"files": {"images": ("a.png", PNG * 100_000)}}, 413),
        ({"content": "down"}, 503),
        ({"content": ""}, 400),
        ({"product": 2}, 404),
    ],
)
def test_a_comment_that_is_not_taken_leaves_no_image(
    tmp_path: Path, change: dict[str, Any], status: int
) -> None:
    ended, _, added = comment(
        tmp_path, **{"files": {"images": ("a.png", PNG)}, **change}
    )
    assert (ended, added, list(tmp_path.iterdir())) == (status, [], [])


def test_a_comment_that_may_have_been_taken_keeps_its_images(tmp_path: Path) -> None:
    status, _, (added,) = comment(tmp_path, {"images": ("a.png", PNG)}, content="slow")
    (file,) = tmp_path.iterdir()
    assert (status, list(added.image_urls)) == (504, [f"/images/{file.name}"])


class Twice(dict[str, Any]):
    """Files of which each is sent twice, as a browser does for a field of several files."""

    def items(self) -> Any:
        return [*super().items()] * 2


class SecondWaits(Images):
    """Keeps one image; the second takes forever."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.waiting = asyncio.Event()
        self.kept = 0

    async def keep(self, file: UploadedFile) -> str:
        self.kept += 1
        if self.kept == 2:
            self.waiting.set()
            await asyncio.Event().wait()
        return await super().keep(file)


def test_a_request_that_is_cancelled_leaves_no_image(tmp_path: Path) -> None:
    async def talk() -> None:
        with made_up_secrets():
            app = create_app()
        images = app.svc.images = SecondWaits(str(tmp_path))
        app.svc.product_rpc, app.svc.reply_rpc = Products(), Replies()
        async with Client(app) as client:
            sending = asyncio.create_task(
                client.post(
                    "/v1/product/comment",
                    data={"product_id": "1", "content": "好"},
                    files=Twice(images=("a.png", PNG)),
                    headers=bearer(app.svc.config.auth, uid=7),
                )
            )
            waiting = asyncio.create_task(images.waiting.wait())
            await asyncio.wait([sending, waiting], return_when=asyncio.FIRST_COMPLETED)
            assert not sending.done(), sending.result()
            assert len(list(tmp_path.iterdir())) == 1
            sending.cancel()
            await asyncio.wait([sending])

    asyncio.run(talk())
    assert list(tmp_path.iterdir()) == []
