"""Methods and paths over a socket: HEAD and OPTIONS of every route, and paths in every spelling."""

import asyncio
from typing import Any

import pytest

from mallgen_runtime import Context, Response
from tests.runtime.wire import Got, serving


async def fixed(ctx: Context, svc: Any) -> Response:
    return Response(b"fixed")


async def one(ctx: Context, svc: Any) -> Response:
    return Response(ctx.params["id"].encode(), headers={"x-a": "b"})


async def both(ctx: Context, svc: Any) -> Response:
    return Response(f"{ctx.params['id']}|{ctx.params['name']}".encode())


ROUTES = {"/": fixed, "/a/b": fixed, "/users/:id": one, "/users/:id/of/:name": both, "/users/me": fixed}


async def _ask(*requests: tuple[str, str]) -> list[Got]:
    async with serving(ROUTES) as client:
        return [await client.ask(method, path) for method, path in requests]


def test_every_route_of_get_answers_head() -> None:
    requests = ("HEAD", "/users/1"), ("HEAD", "/a/b"), ("HEAD", "/none"), ("HEAD", "/healthz")
    user, plain, none, healthy = asyncio.run(_ask(*requests))
    assert (user.status, user.headers["content-length"], user.headers["x-a"]) == (200, "1", "b")
    assert [got.status for got in (plain, none, healthy)] == [200, 404, 200]


def test_options_says_what_a_path_answers() -> None:
    user, none, everything, wrong = asyncio.run(
        _ask(("OPTIONS", "/users/1"), ("OPTIONS", "/none"), ("OPTIONS", "*"), ("DELETE", "/users/1"))
    )
    assert (user.status, user.headers["allow"], user.body) == (204, "GET, HEAD, OPTIONS", b"")
    assert (none.status, "allow" in none.headers) == (404, False)
    assert (everything.status, everything.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("//", 200, b"fixed"),
        ("/a/b/", 200, b"fixed"),
        ("//a///b", 200, b"fixed"),
        ("/a/./b", 200, b"fixed"),
        ("/x/../a/b", 200, b"fixed"),
        ("/../../a/b", 200, b"fixed"),
        ("/%61/b", 200, b"fixed"),
        ("/a%2Fb", 200, b"fixed"),
        ("/x/%2e%2e/a/b", 200, b"fixed"),
        ("/A/b", 404, b""),
        ("/users/", 404, b""),
        ("/users//of", 200, b"of"),
        ("/users/me", 200, b"fixed"),
        ("/users/m%65", 200, b"fixed"),
        ("/users/a%20b", 200, b"a b"),
        ("/users/a+b", 200, b"a+b"),
        ("/users/a%2Fb", 404, b""),
        ("/users/%E4%B8%AD", 200, "中".encode()),
        ("/users/%", 400, b""),
        ("/users/%zz", 400, b""),
        ("/users/1/of/2", 200, b"1|2"),
        ("/users/me/of/2", 200, b"me|2"),
        ("/users/.", 404, b""),
        ("/users/..", 200, b"fixed"),
    ],
)
def test_a_path_is_decoded_and_cleaned(path: str, status: int, body: bytes) -> None:
    [got] = asyncio.run(_ask(("GET", path)))
    assert got.status == status
    if status == 200:
        assert got.body == body
