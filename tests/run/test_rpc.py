"""A generated RPC service with the four kinds of RPC: its answers, its errors, its limits, how it stops."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.rpc import Code, RpcClientConf, RpcError, connect
from tests.ports import free_port
from tests.run.chatting import SETTINGS, chat_folder, raw_call
from tests.run.shop import RpcService, environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chat_folder(tmp_path_factory.mktemp("chat"))


@pytest.fixture(scope="module")
def chat(folder: Path) -> Iterator[RpcService]:
    admin = free_port()
    with RpcService(folder, "chat_rpc", folder / "registry", f"{SETTINGS}DevServer:\n  Port: {admin}\n") as service:
        service.admin = admin
        yield service


Use = Callable[[Any], Coroutine[Any, Any, Any]]


def called(service: RpcService, use: Use, **settings: Any) -> Any:
    """Return the result of `use`, called with a generated client of the service."""
    from chat_rpc.client import ChatClient  # type: ignore[import-not-found]

    async def run() -> Any:
        channel = connect(RpcClientConf(endpoints=[f"127.0.0.1:{service.port}"], **settings), "chat.rpc")
        try:
            return await use(ChatClient(channel))
        finally:
            await channel.close()

    return asyncio.run(run())


def line(text: str) -> Any:
    from chat_rpc.client import Line

    return Line(text=text)


async def lines(*texts: str) -> AsyncIterator[Any]:
    for text in texts:
        yield line(text)
        await asyncio.sleep(0)


def failed(service: RpcService, use: Use, **settings: Any) -> RpcError:
    with pytest.raises(RpcError) as problem:
        called(service, use, **settings)
    return problem.value


def test_the_four_kinds(chat: RpcService) -> None:
    async def use(client: Any) -> tuple[Any, ...]:
        from chat_rpc.client import Since

        asked = (await client.ask(line("hello"))).text
        counted = (await client.count(lines("a", "b", "c"))).lines
        history = [item.text async for item in client.history(Since(time=2))]
        talk = [item.text async for item in client.talk(lines("x", "y"))]
        return asked.partition("!")[0], counted, history, talk

    assert called(chat, use) == ("hello", 3, ["line 0", "line 1"], ["X", "Y"])


def test_a_stream_is_answered_while_it_goes_on(chat: RpcService) -> None:
    async def use(client: Any) -> list[str]:
        heard: asyncio.Queue[Any] = asyncio.Queue()

        async def spoken() -> AsyncIterator[Any]:
            while (item := await heard.get()) is not None:
                yield item

        found = []
        await heard.put(line("a"))
        async for answer in client.talk(spoken()):
            found.append(answer.text)
            await heard.put(line(answer.text + "b") if len(found) < 3 else None)
        return found

    assert called(chat, use) == ["A", "AB", "ABB"]


def test_who_stops_listening_ends_the_call(chat: RpcService) -> None:
    async def use(client: Any) -> str:
        from chat_rpc.client import Since

        async for item in client.history(Since(time=1_000_000)):
            return str(item.text)
        return ""

    assert called(chat, use) == "line 0"
    deadline = time.monotonic() + 5
    while '"method":"/chat.Chat/History","code":"CANCELED"' not in chat.lines():
        assert time.monotonic() < deadline, chat.lines()
        time.sleep(0.02)


def test_a_reply_that_is_none_stays_in_the_log_too(chat: RpcService) -> None:
    problem = failed(chat, lambda client: client.ask(line("none")))
    assert problem.code is Code.INTERNAL
    assert "NoneType" not in problem.detail
    assert "NoneType" in chat.lines()


def row_with(service: RpcService, *words: str) -> str:
    """Wait for a log line that contains all of some words, since a thread writes it, and return it."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for row in service.lines().splitlines():
            if all(word in row for word in words):
                return row
        time.sleep(0.02)
    raise AssertionError(f"no line with {words}: {service.lines()}")


def test_what_an_exception_says_stays_in_the_log(chat: RpcService) -> None:
    problem = failed(chat, lambda client: client.ask(line("boom")))
    assert problem.code is Code.INTERNAL
    assert "mysql" not in problem.detail
    request_id = problem.detail.rpartition(" ")[2]
    entry = json.loads(row_with(chat, request_id, '"stack"'))
    assert "mysql://root:pw@db" in entry["stack"]


def test_an_exception_in_a_stream_comes_after_its_replies(chat: RpcService) -> None:
    async def use(client: Any) -> tuple[list[str], RpcError]:
        from chat_rpc.client import Since

        found: list[str] = []
        with pytest.raises(RpcError) as problem:
            async for item in client.history(Since(time=3)):
                found.append(item.text)  # noqa: PERF401 - what came before the error counts
        return found, problem.value

    found, problem = called(chat, use)
    assert found == ["line 0", "line 1", "line 2"]
    assert (problem.code, "mysql" in problem.detail) == (Code.INTERNAL, False)


def test_an_error_of_the_logic_is_told_as_it_is(chat: RpcService) -> None:
    problem = failed(chat, lambda client: client.ask(line("teapot")))
    assert (problem.code, problem.detail) == (Code.FAILED_PRECONDITION, "自定义")


def test_a_stub_is_unimplemented_with_its_name(chat: RpcService) -> None:
    problem = failed(chat, lambda client: client.later(line("x")))
    assert (problem.code, problem.detail) == (Code.UNIMPLEMENTED, "/chat.Chat/Later is not implemented")


def test_the_callees_limit_ends_a_call(chat: RpcService) -> None:
    started = time.monotonic()
    problem = failed(chat, lambda client: client.again(line("sleep")), timeout=0)
    assert problem.code is Code.DEADLINE_EXCEEDED
    assert 1.3 < time.monotonic() - started < 3


@pytest.mark.parametrize("how", ["settings", "argument", "origin"])
def test_the_callers_limit_ends_a_call(chat: RpcService, how: str) -> None:
    async def use(client: Any) -> None:
        if how == "origin":
            origin.set(Origin("r", "4bf92f3577b34da6a3ce929d0e0e4736", time.monotonic() + 0.3))
        await client.again(line("sleep"), timeout=0.3 if how == "argument" else None)

    started = time.monotonic()
    problem = failed(chat, use, **({"timeout": 300} if how == "settings" else {}))
    assert problem.code is Code.DEADLINE_EXCEEDED
    assert 0.2 < time.monotonic() - started < 1.2


def test_no_time_left_is_no_call(chat: RpcService) -> None:
    async def use(client: Any) -> None:
        origin.set(Origin("r", "4bf92f3577b34da6a3ce929d0e0e4736", time.monotonic()))
        await client.ask(line("x"))

    assert failed(chat, use).code is Code.DEADLINE_EXCEEDED


def test_a_message_beyond_the_limit_is_refused_on_both_sides(chat: RpcService) -> None:
    big = line("x" * 70_000)
    assert failed(chat, lambda client: client.ask(big)).code is Code.RESOURCE_EXHAUSTED
    assert failed(chat, lambda client: client.ask(big), max_message=1000).code is Code.RESOURCE_EXHAUSTED


def test_bytes_that_are_no_message(chat: RpcService) -> None:
    async def use(client: Any) -> grpc.StatusCode:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{chat.port}") as channel:
            with pytest.raises(grpc.aio.AioRpcError) as problem:
                ask: Any = channel.unary_unary("/chat.Chat/Ask")
                await ask(b"\xff\xff")
            return problem.value.code()

    assert called(chat, use) is grpc.StatusCode.INTERNAL


def test_health_and_reflection(chat: RpcService) -> None:
    from grpc_health.v1 import health_pb2
    from grpc_reflection.v1alpha import reflection_pb2

    async def use(client: Any) -> tuple[list[int], list[str], list[bytes]]:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{chat.port}") as channel:
            check: Any = channel.unary_unary("/grpc.health.v1.Health/Check")
            states = []
            for name in ("", "chat.Chat"):
                data = await check(health_pb2.HealthCheckRequest(service=name).SerializeToString())
                states.append(health_pb2.HealthCheckResponse.FromString(data).status)
            info: Any = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
            asked = [
                reflection_pb2.ServerReflectionRequest(list_services="").SerializeToString(),
                reflection_pb2.ServerReflectionRequest(file_containing_symbol="chat.Chat").SerializeToString(),
            ]
            found = [reflection_pb2.ServerReflectionResponse.FromString(data) async for data in info(iter(asked))]
            names = [service.name for service in found[0].list_services_response.service]
            return states, names, list(found[1].file_descriptor_response.file_descriptor_proto)

    states, names, files = called(chat, use)
    assert states == [1, 1]
    assert "chat.Chat" in names
    assert b"History" in files[0]


def test_the_dev_server_tells_health_readiness_and_metrics(chat: RpcService) -> None:
    called(chat, lambda client: client.ask(line("counted")))

    def get(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{chat.admin}{path}", timeout=5) as found:
            return str(found.read().decode())

    assert get("/healthz") == "OK"
    assert json.loads(get("/readyz")) == {"status": "ok", "service": "ok", "discovery": "ok"}
    text = get("/metrics")
    assert re.search(r'rpc_server_requests_code_total\{code="0",method="/chat.Chat/Ask"\} [1-9]', text)
    assert 'rpc_server_requests_duration_ms_bucket{le="5.0",method="/chat.Chat/Ask"}' in text


def test_sigterm_finishes_what_is_in_flight_and_new_calls_go_elsewhere(folder: Path) -> None:
    registry = folder / "registry2"
    with RpcService(folder, "chat_rpc", registry) as first, RpcService(folder, "chat_rpc", registry) as second:

        async def use(client: Any) -> list[str]:
            from chat_rpc.client import Since

            found = []
            async for item in client.history(Since(time=100)):
                found.append(item.text)
                if len(found) == 10:
                    first.process.send_signal(signal.SIGTERM)
            return found

        assert len(called(first, use)) == 100
        assert first.process.wait(timeout=10) == 0
        assert called(second, lambda client: client.again(line("x"))).text == "x"
        assert not first.registered()
        assert second.registered()


def test_a_taken_port_and_a_wrong_setting_are_one_line_and_exit_3(folder: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        port = holder.getsockname()[1]
        for text, said in (
            (f"Name: chat.rpc\nListenOn: 127.0.0.1:{port}\n", f"cannot listen on 127.0.0.1:{port}"),
            ("Name: chat.rpc\nTimeout: soon\n", "wrong.yaml:2: Timeout must be a whole number"),
            ("Name: chat.rpc\nListenOn: nowhere\n", "ListenOn"),
            ("Name: chat.rpc\nMaxConnectionIdle: soon\n", "MaxConnectionIdle is 'soon'"),
            ("ListenOn: 0.0.0.0:1\n", "Name"),
        ):
            (folder / "wrong.yaml").write_text(text, encoding="utf-8")
            ran = subprocess.run(
                [sys.executable, "-m", "chat_rpc", "-f", "wrong.yaml"],
                cwd=folder,
                env=environment(folder / "registry3"),
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
            assert (ran.returncode, said in ran.stderr, ran.stderr.count("\n")) == (3, True, 1), ran.stderr


@pytest.mark.parametrize("path", [b"/\xff", b"/chat.Chat/\xe4", b"\x80\x80", b"/chat.Chat/Nothing", b"/x"])
def test_a_path_that_is_no_method_leaves_the_server_alone(chat: RpcService, path: bytes) -> None:
    assert b"\x0bgrpc-status\x0212" in raw_call(chat, path)
    assert called(chat, lambda client: client.count(lines("a", "b"))).lines == 2


def test_metadata_that_is_not_utf_8_leaves_no_traceback(chat: RpcService) -> None:
    before = len(chat.lines())

    assert b"grpc-status" in raw_call(chat, b"/chat.Chat/Again", (b"x-a", b"\xff\xfe"), (b"traceparent", b"\xff"))
    assert "Traceback" not in chat.lines()[before:]


def test_a_stream_whose_caller_reads_no_more_is_told_in_the_log(chat: RpcService) -> None:
    """A reply that waits for a caller who reads no more is interrupted, logged as cancelled, without a traceback."""
    before = len(chat.lines())

    async def work() -> None:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{chat.port}") as channel:
            history: Any = channel.unary_stream("/chat.Chat/History")
            call = history(b"\x08\x07")
            await call.read()
            await asyncio.sleep(0.5)
            call.cancel()
            await asyncio.sleep(0.5)

    asyncio.run(work())
    deadline = time.monotonic() + 10
    while "[RPC] CANCELED" not in (text := chat.lines()[before:]):
        assert time.monotonic() < deadline, text
        time.sleep(0.05)
    assert "Traceback" not in text
    assert "Context" not in text


def first_refusal(url: str, seconds: float = 10.0) -> int:
    """Ask until the answer is not 200; a process that has ended counts as 503."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            return 503
        time.sleep(0.01)
    return 200


def test_a_part_that_ends_ends_the_process(folder: Path) -> None:
    """A process is not ready any more when a part of it ends, and exits with 1, so that a supervisor restarts it."""
    admin = free_port()
    settings = f"{SETTINGS}DevServer:\n  Port: {admin}\n"
    with RpcService(folder, "chat_rpc", folder / "registry", settings) as service:

        async def use(client: Any) -> int:
            await client.ask(line("die"))  # the part ends after the answer, so that the first look may be too early
            return await asyncio.to_thread(first_refusal, f"http://127.0.0.1:{admin}/readyz")

        assert called(service, use) == 503
        assert service.process.wait(timeout=20) == 1
        assert "a part has ended and must not" in service.lines()
        assert not service.registered()
