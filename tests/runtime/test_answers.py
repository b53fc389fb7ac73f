"""Answers that handlers shape, over a socket: statuses, headers, cookies and redirects."""

import asyncio
from typing import Any

import pytest

from mallgen_runtime import ApiError, Context, Redirect, Response
from mallgen_runtime.http.headers import Headers, Unsendable
from tests.runtime.wire import Got, serving


async def plain(ctx: Context, svc: Any) -> Response:
    return Response(b"made", 201, {"Location": "/it/1", "x-kind": "caf\xe9"})


async def cookies(ctx: Context, svc: Any) -> Response:
    answer = ctx.json(dict(ctx.cookies))
    answer.set_cookie("session", "abc", max_age=60)
    answer.set_cookie("theme", "dark", path="", secure=False, http_only=False, same_site="Strict")
    answer.delete_cookie("old", domain="shop.example")
    return answer


async def as_json(ctx: Context, svc: Any) -> Response:
    return ctx.json(Response(b"own", 202))


async def nothing(ctx: Context, svc: Any) -> Response:
    async def it_handler() -> Response | None:
        return Response(b"own", 203) if ctx.form.first("own") else None

    return await ctx.after(it_handler(), status=204)


async def created(ctx: Context, svc: Any) -> Response:
    return ctx.json({"id": 1}, status=201)


async def elsewhere(ctx: Context, svc: Any) -> Response:
    return Redirect("/caf\xe9?a=1\r\nset-cookie: b=c", 303)


async def split(ctx: Context, svc: Any) -> Response:
    answer = Response()
    answer.headers["x-next"] = "a\r\nset-cookie: b=c"
    raise AssertionError("the line before refuses it")


async def split_error(ctx: Context, svc: Any) -> Response:
    raise ApiError(409, "taken", headers={"x-next": "a\nb"})


ROUTES = {
    "/plain": plain,
    "/cookies": cookies,
    "/as_json": as_json,
    "/nothing": nothing,
    "/created": created,
    "/elsewhere": elsewhere,
    "/split": split,
    "/split_error": split_error,
}


async def _all(*paths: str, **headers: str) -> list[Got]:
    async with serving(ROUTES) as client:
        return [await client.get(path, **headers) for path in paths]


def test_a_handler_shapes_its_answer() -> None:
    own, wrapped, empty, other, made = asyncio.run(_all("/plain", "/as_json", "/nothing", "/nothing?own=1", "/created"))
    assert (own.status, own.body, own.headers["location"], own.headers["x-kind"]) == (201, b"made", "/it/1", "caf\xe9")
    assert (wrapped.status, wrapped.body) == (202, b"own")
    assert (empty.status, empty.body, "content-length" in empty.headers) == (204, b"", False)
    assert (other.status, other.body) == (203, b"own")
    assert (made.status, made.body) == (201, b'{"id":1}')


def test_cookies_are_read_and_set_each_in_a_line_of_its_own() -> None:
    [got] = asyncio.run(_all("/cookies", cookie='a=1; b="two"; a=3; broken; =x'))
    assert got.body == b'{"a":"1","b":"two"}'
    assert [value for name, value in got.pairs if name == "set-cookie"] == [
        "session=abc; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax",
        "theme=dark; SameSite=Strict",
        "old=; Max-Age=0; Path=/; Domain=shop.example; Secure; HttpOnly; SameSite=Lax",
    ]


def test_a_redirect_keeps_its_url_in_its_line() -> None:
    [got] = asyncio.run(_all("/elsewhere"))
    assert (got.status, got.headers["location"]) == (303, "/caf%C3%A9?a=1%0D%0Aset-cookie:%20b=c")
    assert "set-cookie" not in got.headers
    with pytest.raises(Unsendable, match="200 is not a redirect"):
        Redirect("/", 200)


def test_a_header_that_cannot_be_sent_is_a_500_with_its_line(caplog: pytest.LogCaptureFixture) -> None:
    ours, raised = asyncio.run(_all("/split", "/split_error"))
    for got in (ours, raised):
        assert (got.status, got.headers["content-type"]) == (500, "application/problem+json")
        assert "set-cookie" not in got.headers
    assert 'answer.headers["x-next"] = ' in caplog.text, "the line that sets it"
    assert "the error cannot be sent: the header x-next has characters that headers do not have" in caplog.text


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "\x00", "中", 7])
def test_a_header_is_refused_where_it_is_set(value: Any) -> None:
    headers = Headers()
    for change in (
        lambda: headers.__setitem__("x-a", value),
        lambda: headers.update({"x-a": value}),
        lambda: headers.setdefault("x-a", value),
        lambda: headers.__ior__({"x-a": value}),
        lambda: Response(b"", 200, {"x-a": value}),
    ):
        with pytest.raises(Unsendable, match="x-a"):
            change()
    assert not headers


@pytest.mark.parametrize(
    ("name", "value", "more", "said"),
    [
        ("a b", "c", {}, "'a b' is not the name of a cookie"),
        ("a", "b; path=/", {}, "quote or encode it"),
        ("a", "b", {"path": "/;x"}, "the path of the cookie a"),
        ("a", "b", {"same_site": "None", "secure": False}, "it must be secure"),
    ],
)
def test_a_cookie_that_cannot_be_set_is_refused(name: str, value: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(Unsendable, match=said):
        Response().set_cookie(name, value, **more)
