"""mallgen_runtime.testing for RPC services: logic called directly, and a client without a socket."""

import asyncio
import contextvars
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.testing import Local, rpc_context
from tests.conftest import CONTRACTS, mallgen, working_in
from tests.pauses import Pauses

BODIES = {
    "say": """if req.text == "boom":
            raise ValueError("mysql://root:pw@db")
        if req.text == "gone":
            raise RpcError(Code.NOT_FOUND, "没有")
        if req.text == "slow":
            await asyncio.sleep(30)
        if req.text == "none":
            return None  # type: ignore[return-value]
        if req.text == "stop":
            raise asyncio.CancelledError
        if req.text == "ids":
            return Word(text=f"{self.ctx.request_id} {self.ctx.metadata.get('traceparent', '')}")
        if req.text == "left":
            return Word(text=str(origin.get().deadline == self.ctx.deadline))
        req.text += "!"
        return req""",
    "count": """number = 0
        async for req in reqs:
            if req.text == "enough":
                break
            number += 1
        return Total(words=number)""",
    "spell": """for letter in req.text:
            if letter == "!":
                raise RpcError(Code.OUT_OF_RANGE, "no letter")
            if letter == "?":
                raise ValueError("secret")
            if letter == "-":
                raise asyncio.CancelledError
            if letter == "_":
                await asyncio.sleep(30)
            yield Word(text=letter)""",
    "echo": """async for req in reqs:
            yield Word(text=req.text.upper())""",
}


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Generate the service, fill in its logic and make it importable."""
    root = tmp_path_factory.mktemp("talk")
    with working_in(root):
        ran = mallgen("rpc", "protoc", str(CONTRACTS / "talk.proto"), "-dir", ".", "-q")
        assert ran.code == 0, ran.err
    for name, body in BODIES.items():
        path = root / "talk_rpc" / "logic" / f"{name}_logic.py"
        before, stub, _ = path.read_text(encoding="utf-8").partition("raise NotImplementedError")
        assert stub
        imports = (
            "import asyncio\n\nfrom mallgen_runtime.rpc import Code, RpcError\n"
            "from mallgen_runtime.process.origin import origin\n"
        )
        path.write_text(f"{before}{body}\n".replace("\nfrom ", f"\n{imports}from ", 1), encoding="utf-8")
    sys.path.insert(0, str(root))
    yield
    sys.path.remove(str(root))
    for name in [name for name in sys.modules if name.partition(".")[0] == "talk_rpc"]:
        del sys.modules[name]


def app() -> Any:
    from talk_rpc.app import create_app  # type: ignore[import-not-found]
    from talk_rpc.config import Config  # type: ignore[import-not-found]

    return create_app(Config(name="talk.rpc", timeout=500, max_message=1000))


def asked(use: Callable[[Any], Awaitable[Any]], **settings: int) -> Any:
    """Return the result of `use`, called with a client of the service."""
    from talk_rpc.client import TalkClient  # type: ignore[import-not-found]

    async def run() -> Any:
        async with Local(app(), **settings) as channel:
            return await use(TalkClient(channel))

    return asyncio.run(run())


def failed(use: Callable[[Any], Awaitable[Any]], **settings: int) -> RpcError:
    with pytest.raises(RpcError) as problem:
        asked(use, **settings)
    return problem.value


def word(text: str) -> Any:
    from talk_rpc.client import Word

    return Word(text=text)


async def words(*texts: str) -> AsyncIterator[Any]:
    for text in texts:
        yield word(text)


pytestmark = pytest.mark.usefixtures("talk")


def test_the_four_kinds() -> None:
    async def use(client: Any) -> Any:
        sent = word("hello")
        said = (await client.say(sent)).text
        counted = (await client.count(words("a", "b", "c"))).words
        spelt = [item.text async for item in client.spell(word("xy"))]
        echoed = [item.text async for item in client.echo(words("a", "b"))]
        return sent.text, said, counted, spelt, echoed

    assert asked(use) == ("hello", "hello!", 3, ["x", "y"], ["A", "B"])


def test_two_ways_in_turn() -> None:
    """In a stream in both directions, each reply comes before the next request is made."""

    async def use(client: Any) -> Any:
        turn = asyncio.Queue[str]()

        async def requests() -> AsyncIterator[Any]:
            text = "a"
            while len(text) < 4:
                yield word(text)
                text = await turn.get()

        found = []
        async for reply in client.echo(requests()):
            found.append(reply.text)
            turn.put_nowait(reply.text + "b")
        return found

    assert asked(use) == ["A", "AB", "ABB"]


def test_errors_are_those_of_a_socket() -> None:
    gone = failed(lambda client: client.say(word("gone")))
    assert (gone.code, gone.detail) == (Code.NOT_FOUND, "没有")
    for text in ("boom", "none"):
        hidden = failed(lambda client, text=text: client.say(word(text)))  # type: ignore[misc]
        assert hidden.code is Code.INTERNAL
        assert "mysql" not in hidden.detail
    assert failed(lambda client: client.say(word("stop"))).code is Code.CANCELED
    assert failed(lambda client: client.say(word("x" * 2000))).code is Code.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(("text", "code"), [("!", Code.OUT_OF_RANGE), ("?", Code.INTERNAL), ("-", Code.CANCELED)])
def test_errors_in_the_middle_of_a_stream(text: str, code: Code) -> None:
    found: list[str] = []

    async def use(client: Any) -> None:
        async for item in client.spell(word(f"ab{text}c")):
            found.append(item.text)  # noqa: PERF401 - what came before the error counts

    problem = failed(use)
    assert (found, problem.code) == (["a", "b"], code)
    assert "secret" not in problem.detail


def test_a_stream_of_requests_that_breaks_off() -> None:
    async def broken() -> AsyncIterator[Any]:
        yield word("a")
        raise ValueError("no more")

    problem = failed(lambda client: client.count(broken()))
    assert problem.code is Code.CANCELED


def test_who_stops_listening_ends_the_call() -> None:
    async def use(client: Any) -> int:
        replies = client.spell(word("ab" + "_"))
        async for _ in replies:
            break
        await replies.aclose()
        counted = await client.count(words("a", "enough", "b"))
        return len(asyncio.all_tasks()) + int(counted.words)

    assert asked(use) == 1 + 1  # one task, our own, and one word


def test_deadlines() -> None:
    for settings, timeout in (({}, None), ({"timeout": 50}, None), ({}, 0.05)):
        with Pauses() as pauses:
            begun = time.monotonic()
            found = failed(lambda client, t=timeout: client.say(word("slow"), timeout=t), **settings)  # type: ignore[misc]
            took = time.monotonic() - begun
        assert found.code is Code.DEADLINE_EXCEEDED
        assert took < (0.3 if settings or timeout else 1.5) + pauses.longest

    async def stream(client: Any) -> None:
        async for _ in client.spell(word("a_"), timeout=0.05):
            pass

    assert failed(stream).code is Code.DEADLINE_EXCEEDED


def test_what_travels_is_metadata_not_variables() -> None:
    mine = contextvars.ContextVar("mine", default="")

    async def use(client: Any) -> Any:
        mine.set("x")
        origin.set(Origin("req-1", "a" * 32, time.monotonic() + 1, "01"))
        ids = (await client.say(word("ids"))).text
        left = (await client.say(word("left"))).text
        return ids, left, origin.get().request_id

    ids, left, after = asked(use)
    assert ids.startswith("req-1 00-" + "a" * 32 + "-")
    assert ids.endswith("-01")
    assert (left, after) == ("True", "req-1")


def test_a_method_that_is_not_there() -> None:
    from talk_rpc.client import Word

    async def run() -> Any:
        async with Local(app()) as channel:
            await channel.unary("/talk.Talk/Nope", word("a"), Word)

    with pytest.raises(RpcError) as problem:
        asyncio.run(run())
    assert problem.value.code is Code.UNIMPLEMENTED


def test_logic_without_a_service() -> None:
    from talk_rpc.logic.say_logic import SayLogic  # type: ignore[import-not-found]

    found = rpc_context("/talk.Talk/Say", metadata={"X-Request-Id": "r-1"}, timeout=1.0)
    assert (found.request_id, found.metadata["x-request-id"]) == ("r-1", "r-1")
    assert found.deadline is not None
    assert 0.5 < found.deadline - time.monotonic() <= 1.0
    assert rpc_context(request_id="r-2").request_id == "r-2"
    reply = asyncio.run(SayLogic(rpc_context(), app().svc).say(word("hi")))
    assert reply.text == "hi!"
