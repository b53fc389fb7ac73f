"""Our own transport with grpc-go in both directions, h2spec, and very many calls on one connection."""

import asyncio
import re
import resource
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.connection import Metadata
from mallgen_runtime.rpc.h2.pool import H2Connection
from mallgen_runtime.rpc.methods import RpcContext
from tests.h2.talking import ECHO, calling, echo, serving
from tests.interop.building import built, h2spec
from tests.ports import free_port
from tests.run.discovering import run

pytestmark = pytest.mark.slow
Figure = Callable[[str, object], None]


async def answer(ctx: RpcContext, data: bytes) -> bytes:
    """Answer as the echo does, and `meta name` with the metadata that came."""
    word, _, name = data[:100].partition(b" ")
    if word != b"meta":
        return await echo(ctx, data)
    return ctx.binary.get(name.decode(), b"") or ctx.metadata.get(name.decode(), "").encode()


def test_every_way_to_call_from_go(tmp_path: Path, record_property: Figure) -> None:
    program = built()

    async def work() -> None:
        async with serving(answer, limit=30) as server:
            settings = tmp_path / "ask.yaml"
            settings.write_text(f"Address: {server.address}\nCalls: 20000\n", encoding="utf-8")
            words = [str(program), "-f", str(settings), "ask"]
            ran = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
            said = (await ran.communicate())[0].decode().splitlines()
            wrong = [line for line in said if not line.startswith("ok ")]
            record_property("figure", f"grpc-go calls our server: {len(said) - len(wrong)} of {len(said)} cases")
            assert not wrong
            assert len(said) == 37
            assert not server.server.tasks

    run(work)


@asynccontextmanager
async def go_echo(program: Path, folder: Path, settings: str = "") -> AsyncIterator[str]:
    """Start grpc-go's echo and yield its address."""
    port = free_port()
    file = folder / f"echo-{port}.yaml"
    file.write_text(f"Port: {port}\n{settings}", encoding="utf-8")
    words = [str(program), "-f", str(file), "echo"]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"listens\n"
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()


async def failed(connection: H2Connection, data: bytes, timeout: float = 5.0, metadata: Metadata = ()) -> RpcError:
    with pytest.raises(RpcError) as problem:
        await connection.unary(ECHO, data, timeout, metadata)
    return problem.value


def test_every_way_to_call_go(tmp_path: Path) -> None:
    program = built()

    async def work() -> None:
        async with go_echo(program, tmp_path, "Streams: 50\n") as address, calling(address) as connection:

            async def ask(data: bytes, metadata: Metadata = ()) -> bytes:
                return await connection.unary(ECHO, data, 10.0, metadata)

            for code in Code:
                if code is not Code.OK:
                    problem = await failed(connection, f"fail {int(code)} 没有 100% \x7f".encode())
                    assert (problem.code, problem.detail) == (code, "没有 100% \x7f")
            assert (await failed(connection, b"fail 99 x")).code is Code.UNKNOWN
            for size in (0, 1, 713, 16_379, 16_384, 65_535, 1 << 20, 4 << 20):
                assert await ask((b"ab" * size)[:size]) == (b"ab" * size)[:size]
            assert (await failed(connection, b"size %d" % ((4 << 20) + 1))).code is Code.RESOURCE_EXHAUSTED
            assert await ask(b"gzip" + b"z" * 50_000) == b"gzip" + b"z" * 50_000
            assert await ask(b"gzip " + b"z" * 50_000) == b"gzip " + b"z" * 50_000
            for _ in range(20):
                assert (await failed(connection, b"sleep 5", 0.1)).code is Code.DEADLINE_EXCEEDED
            assert await ask(b"meta key", (("key", "a value"),)) == b"a value"
            found = await asyncio.gather(*(ask(b"sleep 0.2") for _ in range(120)))
            assert set(found) == {b"sleep 0.2"}
            found = await asyncio.gather(*(ask(bytes([n]) * 300_000) for n in range(64)))
            assert [len(item) for item in found] == [300_000] * 64
            task = asyncio.ensure_future(ask(b"sleep 5"))
            await asyncio.sleep(0.1)
            task.cancel()
            await asyncio.wait([task])
            assert await ask(b"after") == b"after"

    run(work)


def test_connections_that_end_all_the_time_lose_no_call(tmp_path: Path, record_property: Figure) -> None:
    """grpc-go's MaxConnectionAge ends each connection after 300 ms, with a GOAWAY, under load."""
    program = built()

    async def work() -> None:
        async with go_echo(program, tmp_path, "Age: 300\n") as address, calling(address) as connection:
            end = time.monotonic() + 6

            async def ask() -> int:
                done = 0
                while time.monotonic() < end:
                    assert await connection.unary(ECHO, b"x", 5.0, ()) == b"x"
                    done += 1
                return done

            calls = sum(await asyncio.gather(*(ask() for _ in range(32))))
            record_property("figure", f"GOAWAY of grpc-go every 300 ms for 6 s: {calls} calls, 0 lost")
            assert calls > 2000

    run(work)


def test_h2spec(record_property: Figure) -> None:
    program = h2spec()

    async def work() -> None:
        async with serving() as server:
            words = [str(program), "-h", "127.0.0.1", "-p", str(server.port), "-o", "3"]
            ran = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE)
            said = (await ran.communicate())[0].decode()
            summary = said.strip().splitlines()[-1]
            record_property("figure", f"h2spec: {summary}")
            assert ran.returncode == 0, said[said.find("Failures:") :]
            found = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, 0 failed", summary)
            assert found, summary
            assert int(found[2]) > 140

    run(work)


def test_a_hundred_thousand_calls_on_one_connection(record_property: Figure) -> None:
    async def work() -> None:
        async with serving() as server, calling(server.address) as connection:

            async def ask() -> None:
                for n in range(2500):
                    assert await connection.unary(ECHO, b"%d" % n, 10.0, ()) == b"%d" % n

            await asyncio.gather(*(ask() for _ in range(4)))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            started = time.monotonic()
            await asyncio.gather(*(ask() for _ in range(36)))
            taken = time.monotonic() - started
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            assert len(server.server.connections) == 1
            assert grown < 8_000
            record_property("figure", f"100000 calls on one connection: {90_000 / taken:.0f}/s, {grown} kB more memory")

    run(work)
