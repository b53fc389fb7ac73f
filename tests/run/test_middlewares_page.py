"""The examples of docs/middlewares.md, in generated projects."""

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime.http.conf import CorsConf, RestConf
from mallgen_runtime.http.limiting import by_address
from mallgen_runtime.http.messages import Context
from mallgen_runtime.process.conf import parse
from mallgen_runtime.rpc import ClientInterceptor, OutgoingCall, RpcError
from mallgen_runtime.testing import Client, Local
from tests.conftest import ROOT, mallgen

PAGE = (ROOT / "docs" / "middlewares.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(?:python )?(\S+)\n(.*?)^```$", PAGE, re.M | re.S))
API = """
syntax = "v1"

type Note {
	Text string `json:"text"`
}

service notes-api {
	@handler Make
	post /notes (Note) returns (Note)
}
"""
PROTO = """
syntax = "proto3";
package notes;
message Note { string text = 1; }
service Notes {
  rpc Make(Note) returns (Note);
  rpc Watch(Note) returns (stream Note);
}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Generate both services with the page's files, and put them on the path."""
    (tmp_path / "notes.api").write_text(API, encoding="utf-8")
    (tmp_path / "notes.proto").write_text(PROTO, encoding="utf-8")
    ran = mallgen("api", "py", "-api", str(tmp_path / "notes.api"), "-dir", str(tmp_path / "api"))
    assert ran.code == 0, ran.err
    ran = mallgen("rpc", "protoc", str(tmp_path / "notes.proto"), "--zrpc_out", str(tmp_path / "rpc"))
    assert ran.code == 0, ran.err
    for name, path in (("svc.py", "api/notes_api"), ("hooks.py", "api/notes_api"), ("rpc/hooks.py", "rpc/notes_rpc")):
        (tmp_path / path / name.rpartition("/")[2]).write_text(BLOCKS[name], encoding="utf-8")
    for folder in ("api", "rpc"):
        monkeypatch.syspath_prepend(str(tmp_path / folder))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("notes_api", "notes_rpc")]:
        del sys.modules[name]


def test_middlewares_around_every_request() -> None:
    import notes_api.logic.make_logic as made  # type: ignore[import-not-found]
    from notes_api.app import create_app  # type: ignore[import-not-found]
    from notes_api.schemas import Note  # type: ignore[import-not-found]

    seen: list[str] = []

    async def make(self: Any, req: Any) -> Any:
        seen.append(self.ctx.state["tenant"])
        if req.text == "slow":
            await asyncio.sleep(0.05)
        if req.text == "fail":
            raise KeyError
        return Note(text=f"{req.text} {len(seen)}")

    made.MakeLogic.make = make

    async def talk() -> None:
        async with Client(create_app()) as client:

            async def post(text: str, key: str, **more: str) -> tuple[int, bytes, str]:
                head = {"idempotency-key": key, "x-tenant": "t", "x-forwarded-for": "1.1.1.1", **more}
                found = await client.post("/notes", json={"text": text}, headers=head)
                assert found.headers["x-tenant"] == "t"
                return found.status, found.body, found.headers.get("idempotency-replayed", "")

            assert await post("a", "1") == (200, b'{"text":"a 1"}', "")
            assert await post("a", "1") == (200, b'{"text":"a 1"}', "true")
            assert (await post("b", "1"))[0] == 422
            both = await asyncio.gather(post("slow", "2"), post("slow", "2"))
            assert sorted(status for status, _, _ in both) == [200, 409]
            limited = await client.get("/none")
            assert (limited.status, limited.headers["ratelimit-remaining"]) == (429, "0")
            assert limited.json()["code"] == "too_many_requests"
            assert int(limited.headers["retry-after"]) <= 61
        assert seen == ["t", "t"]

    asyncio.run(talk())


def test_an_answer_of_500_is_not_kept_and_callers_have_keys_of_their_own() -> None:
    import notes_api.hooks as hooks  # type: ignore[import-not-found]
    import notes_api.logic.make_logic as made
    from notes_api.app import create_app

    from mallgen_runtime import ApiError
    from mallgen_runtime.middlewares import Idempotency

    calls: list[str] = []

    async def make(self: Any, req: Any) -> Any:
        calls.append(req.text)
        if len(calls) == 1:
            raise KeyError
        if len(calls) == 6:
            raise ApiError(429, "too_many_requests")
        return req

    made.MakeLogic.make = make
    hooks.middlewares = lambda svc: (Idempotency(svc.cache, required=True),)

    async def talk() -> None:
        async with Client(create_app()) as client:

            async def post(key: str, token: str = "", cookie: str = "") -> int:
                head = {"idempotency-key": key, "authorization": token, "cookie": cookie}
                head = {name: value for name, value in head.items() if value}
                return (await client.post("/notes", json={"text": "a"}, headers=head)).status

            assert [await post("k"), await post("k"), await post("k"), len(calls)] == [500, 200, 200, 2]
            assert [await post("k", "other"), len(calls)] == [200, 3]
            assert [await post("k", "", "session=a"), await post("k", "", "session=b"), len(calls)] == [200, 200, 5]
            assert [await post("k", "", "session=a"), len(calls)] == [200, 5]
            assert [await post("limited"), await post("limited"), len(calls)] == [429, 200, 7]
            assert [await post(""), await post("x" * 256), await post("a b"), len(calls)] == [400, 400, 400, 7]
            assert (await client.get("/none")).status == 404

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
    ],
)
def test_a_client_has_one_limit_for_all_its_addresses(client: str, counted: str) -> None:
    async def receive() -> dict[str, Any]:
        raise AssertionError

    assert by_address(Context({"client": (client, 1)}, receive, {}, 0)) == counted


def test_interceptors_around_every_call() -> None:
    import notes_rpc.logic.make_logic as made  # type: ignore[import-not-found]
    from notes_rpc.app import create_app  # type: ignore[import-not-found]
    from notes_rpc.client import Note, NotesClient  # type: ignore[import-not-found]

    class Named(ClientInterceptor):
        async def handle(self, call: OutgoingCall, request: Any, next_: Any) -> Any:
            call.metadata["x-tenant"] = "t"
            return await next_(call, request)

    async def make(self: Any, req: Any) -> Any:
        return Note(text=self.ctx.metadata["x-tenant"])

    made.MakeLogic.make = make

    async def talk() -> None:
        async with Local(create_app()) as channel:
            client = NotesClient(channel)
            with pytest.raises(RpcError, match="which tenant"):
                await client.make(Note())
            with pytest.raises(RpcError, match="which tenant"):
                await anext(client.watch(Note()))
            channel.intercept([Named()])
            assert (await client.make(Note())).text == "t"

    asyncio.run(talk())


def test_the_settings_of_the_page_are_settings() -> None:
    conf = parse(RestConf, f"Name: a\nPort: 1\n{BLOCKS['yaml']}", "a.yaml").config
    assert conf.cors == CorsConf(origins=["https://shop.example", "https://*.shop.example"], credentials=True)
    assert set(BLOCKS) == {"svc.py", "hooks.py", "rpc/hooks.py", "yaml"}, "each example is run here"


def test_a_request_whose_client_left_does_not_run_again_at_once() -> None:
    """Nobody knows what it has done; the client's second try would do it twice."""
    import notes_api.hooks as hooks
    import notes_api.logic.make_logic as made
    from notes_api.app import create_app

    from mallgen_runtime.middlewares import Idempotency

    begun = 0

    async def make(self: Any, req: Any) -> Any:
        nonlocal begun
        begun += 1
        await asyncio.sleep(60)

    made.MakeLogic.make = make
    hooks.middlewares = lambda svc: (Idempotency(svc.cache),)

    async def talk() -> None:
        async with Client(create_app()) as client:
            headers = {"idempotency-key": "k"}
            first = asyncio.create_task(client.post("/notes", json={"text": "a"}, headers=headers))
            while not begun:
                await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            again = await client.post("/notes", json={"text": "a"}, headers=headers)
            assert (again.status, again.json()["code"], begun) == (409, "still_running", 1)

    asyncio.run(talk())
