"""An API server of Kubernetes that floods, is silent, or speaks something else: known pods are kept."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime.discovery.kubernetes import exchange
from mallgen_runtime.discovery.kubernetes import resolver as following
from tests.kubernetes_api import Asked, api_server, following_pods
from tests.run.discovering import run, until

pytestmark = pytest.mark.slow


def test_an_api_server_that_asks_for_patience_gets_it(tmp_path: Path) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.status, api.headers = 429, "Retry-After: 2\r\n"
            async with following_pods():
                await asyncio.sleep(1)
                assert len(api.asked) == 1

    run(work)


async def _endless_list(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\n\r\n{"metadata":{},"items":[],"x":"')
    while not writer.transport.is_closing():
        await asyncio.sleep(0)
        writer.write(b"x" * 65536)
        await writer.drain()


async def _endless_head(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.transport.is_closing():
        await asyncio.sleep(0)
        writer.write(b"X: " + b"x" * 1000 + b"\r\n")
        await writer.drain()


async def _endless_interim(asked: Asked, writer: asyncio.StreamWriter) -> None:
    while not writer.transport.is_closing():
        await asyncio.sleep(0)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()


async def _silence(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def _slow(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not writer.transport.is_closing():
        await asyncio.sleep(0)
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _other(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"items":"no"}')


async def _half(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"items":')


async def _noise(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x15\x03\x01 who knows\r\n\r\n")


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (_endless_list, "gives an answer that cannot be used: it is larger than 256 KiB"),
        (_endless_head, "gives an answer that cannot be used: it is not HTTP"),
        (_endless_interim, "does not answer"),
        (_silence, "does not answer"),
        (_slow, "does not answer"),
        (_other, "gives an answer that is no EndpointSlices"),
        (_half, "gives an answer that cannot be used: it is not HTTP, or ends early"),
        (_noise, "gives an answer that cannot be used: it is not HTTP"),
    ],
)
def test_a_hostile_api_server_is_bounded(
    behaviour: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known pods are kept, and the event loop goes on: no turn of it takes longer than half a second."""
    monkeypatch.setattr(exchange.ApiAnswer.whole, "__defaults__", (256 << 10,))
    monkeypatch.setattr("mallgen_runtime.discovery.kubernetes.client.REQUEST", 1.0)

    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1")
            async with following_pods() as found:
                await until(lambda: api.watches == 1, 5, "a watch")
                api.hostile = behaviour
                api.cut()
                longest = 0.0
                end = time.monotonic() + 8
                while said not in found.state:
                    assert time.monotonic() < end, found.state
                    before = time.monotonic()
                    await asyncio.sleep(0.02)
                    longest = max(longest, time.monotonic() - before)
                assert found.addresses == ("10.0.0.1:8080",)
                assert longest < 0.5

    run(work)


def test_a_line_without_an_end_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MOST_LINE", 1 << 20)
    monkeypatch.setattr(following.Pace, "LIMIT", 0.4)

    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.hostile = _endless_line_of(b'{"metadata":{"resourceVersion":"7"},"items":[]}')
            async with following_pods() as found:
                await until(lambda: "a line of it is longer than 1 MiB" in found.state, 8, "the trouble")

    run(work)


def _endless_line_of(listed: bytes) -> Any:
    async def behaviour(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.is_watch:
            await _endless_list(asked, writer)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(listed), listed))

    return behaviour
