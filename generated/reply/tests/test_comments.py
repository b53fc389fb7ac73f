"""Comments on a database in memory."""

import asyncio

import pytest
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from reply_rpc.app import create_app
from reply_rpc.client import AddCommentRequest, CommentsRequest, ReplyClient
from reply_rpc.config import Config


@pytest.mark.parametrize(
    ("content", "images", "code"),
    [
        ("好", 0, Code.OK),
        ("好" * 1000, 9, Code.OK),
        ("", 0, Code.INVALID_ARGUMENT),
        ("好" * 1001, 0, Code.INVALID_ARGUMENT),
        ("好", 10, Code.INVALID_ARGUMENT),
    ],
)
def test_a_comment_with_its_images(content: str, images: int, code: Code) -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(Config(name="reply.rpc", mode="test", data_source=source))
        async with Local(app) as channel:
            client, ended = ReplyClient(channel), Code.OK
            urls = [f"/images/{n}.png" for n in range(images)]
            try:
                await client.add_comment(
                    AddCommentRequest(
                        product_id=1, user_id=7, content=content, image_urls=urls
                    )
                )
            except RpcError as problem:
                ended = problem.code
            page = await client.comments(CommentsRequest(product_id=1))
        assert ended == code
        found = [
            (one.user_id, one.content, [image.url for image in one.images])
            for one in page.comments
        ]
        assert found == ([(7, content, urls)] if code == Code.OK else [])

    asyncio.run(talk())
