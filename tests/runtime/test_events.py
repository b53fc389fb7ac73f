"""Server-sent events over a socket: their bytes, silence, errors, and how they end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mallgen_runtime import ApiError, ConfigError, Context, EventStream, Response, RestConf, ServerEvent, event_stream
from mallgen_runtime.process.conf import parse
from mallgen_runtime.schema import Struct
from tests.runtime.wire import Wire, Wires, serving

BOTH = pytest.mark.parametrize("under", ["mallgen", "uvicorn"])


class Step(Struct):
    """An event's value."""

    percent: int
    text: str = ""


async def steps(ctx: Context, svc: Any) -> Response:
    async def run() -> AsyncIterator[Step | ServerEvent[Step]]:
        yield Step(percent=1, text="中\n")
        yield ServerEvent(Step(percent=2), id="7", name="step", retry_ms=3000)
        yield ServerEvent(Step(percent=3, text=ctx.last_event_id))

    return event_stream(run(), Step)


async def refused(ctx: Context, svc: Any) -> Response:
    async def run() -> AsyncIterator[Step]:
        raise ApiError(404, "no_job", "there is no such job")
        yield Step(percent=0)

    return event_stream(run())


async def instead(ctx: Context, svc: Any) -> Response:
    return event_stream(Response(b"", 204))


async def wrong(ctx: Context, svc: Any) -> Response:
    return event_stream([1])


class Silence:
    """A stream that says nothing, and notes when it is closed."""

    def __init__(self, first: bool = False) -> None:
        self.closed = asyncio.Event()
        self._first = first

    async def run(self) -> AsyncIterator[Step]:
        try:
            if self._first:
                yield Step(percent=1)
            await asyncio.Event().wait()
        finally:
            self.closed.set()

    async def endpoint(self, ctx: Context, svc: Any) -> Response:
        return EventStream(self.run(), heartbeat=0.05)


ROUTES = {"/steps": steps, "/refused": refused, "/instead": instead, "/wrong": wrong}


async def _opened(client: Wires, path: str) -> Wire:
    wire = await client.open()
    await wire.send("GET", path, accept="text/event-stream")
    got = await asyncio.wait_for(wire.head(), 10)
    assert (got.status, got.headers["content-type"]) == (200, "text/event-stream")
    return wire


@BOTH
def test_events_have_the_bytes_of_the_standard(under: str) -> None:
    async def run() -> None:
        async with serving(ROUTES, under=under) as client:
            got = await client.get("/steps", last_event_id="6")
            assert (got.status, got.is_whole, got.headers["cache-control"]) == (200, True, "no-cache")
            assert got.body.decode() == (
                'data: {"percent":1,"text":"中\\n"}\n\n'
                'id: 7\nevent: step\nretry: 3000\ndata: {"percent":2,"text":""}\n\n'
                'data: {"percent":3,"text":"6"}\n\n'
            )

    asyncio.run(run())


def test_an_event_has_the_bytes_of_go_zero() -> None:
    """Recorded of go-zero 1.10.3: rest.WithSSE, the handler of goctl's template."""

    async def run() -> AsyncIterator[Step]:
        for percent in (1, 2):
            yield Step(percent=percent, text='a<b> 中\n"')

    async def endpoint(ctx: Context, svc: Any) -> Response:
        return event_stream(run())

    async def talk() -> bytes:
        conf = RestConf(name="t", host="127.0.0.1", port=0, compat="gozero")
        async with serving({"/events": endpoint}, conf) as client:
            wire = await client.open()
            await wire.send("GET", "/events")
            return await wire.reader.readuntil(b"\r\n0\r\n\r\n")

    head, _, body = asyncio.run(talk()).partition(b"\r\n\r\n")
    assert {line for line in head.lower().split(b"\r\n") if not line.startswith(b"date")} == {
        b"http/1.1 200 ok",
        b"cache-control: no-cache",
        b"connection: keep-alive",
        b"content-type: text/event-stream",
        b"transfer-encoding: chunked",
    }
    event = '35\r\ndata: {"percent":%d,"text":"a\\u003cb\\u003e 中\\n\\""}\n\n\r\n'
    assert body.decode() == event % 1 + event % 2 + "0\r\n\r\n"


@BOTH
def test_an_error_before_the_first_event_is_answered(under: str, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with serving(ROUTES, under=under) as client:
            error, other, broken = [await client.get(path) for path in ("/refused", "/instead", "/wrong")]
            assert (error.status, b"there is no such job" in error.body) == (404, True)
            assert (other.status, broken.status) == (204, 500)

    asyncio.run(run())
    assert "answered with list, but the contract says `sse: true`" in caplog.text


@BOTH
def test_a_silent_stream_begins_and_beats_and_ends_with_its_client(under: str) -> None:
    async def run() -> None:
        silence = Silence()
        async with serving({"/silence": silence.endpoint}, under=under) as client:
            wire = await _opened(client, "/silence")
            assert [await asyncio.wait_for(wire.chunk(), 10) for _ in range(2)] == [b": \n\n"] * 2
            assert not silence.closed.is_set()
            wire.writer.close()
            await asyncio.wait_for(silence.closed.wait(), 10)

    asyncio.run(run())


def test_a_stream_ends_cleanly_when_the_service_stops() -> None:
    async def run() -> None:
        silence, other = Silence(first=True), Silence()
        async with serving({"/silence": silence.endpoint, "/other": other.endpoint}) as client:
            wire = await _opened(client, "/silence")
            assert await wire.chunk() == b'data: {"percent":1,"text":""}\n\n'
            unborn = await client.open()
            await unborn.send("GET", "/other")
            await asyncio.sleep(0.02)
            for connection in list(client.tracker.connections):
                connection.shutdown()
            got = await asyncio.wait_for(unborn.answer(), 10)
            assert (got.status, got.body, got.is_whole, got.headers["connection"]) == (200, b"", True, "close")
            while piece := await asyncio.wait_for(wire.chunk(), 10):
                assert piece == b": \n\n"
            assert piece == b"", "the last chunk has come"
            assert await asyncio.wait_for(wire.reader.read(), 10) == b""
            assert silence.closed.is_set()
            assert other.closed.is_set()
            await asyncio.wait_for(client.tracker.empty(), 10)

    asyncio.run(run())


def test_the_time_of_a_route_ends_its_stream() -> None:
    async def run() -> None:
        silence = Silence(first=True)
        async with serving({"/silence": silence.endpoint}, timeout_ms=300) as client:
            got = await client.get("/silence")
            assert (got.status, got.is_whole, silence.closed.is_set()) == (200, True, True)
            assert got.body.startswith(b"data: ")

    asyncio.run(run())


@pytest.mark.parametrize("more", [{"id": "a\nb"}, {"name": "a\r"}, {"id": "\0"}, {"retry_ms": -1}])
def test_an_event_that_would_break_its_frame_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"the (id|name) of an event|retry_ms"):
        ServerEvent(1, **more)


@BOTH
def test_the_heartbeat_is_a_setting_and_its_task_ends_with_the_stream(under: str) -> None:
    silence = Silence()
    conf = parse(RestConf, "Name: t\nHost: 127.0.0.1\nPort: 0\nEvents: {Heartbeat: 50ms}\n", "a.yaml").config

    async def endpoint(ctx: Context, svc: Any) -> Response:
        return event_stream(silence.run(), Step)

    async def run() -> None:
        async with serving({"/silent": endpoint, "/steps": steps}, conf, under=under) as client:
            wire = await _opened(client, "/silent")
            assert [await asyncio.wait_for(wire.chunk(), 5) for _ in range(3)] == [b": \n\n"] * 3
            wire.close()
            await asyncio.wait_for(silence.closed.wait(), 5)
            await client.get("/steps")
            await asyncio.sleep(0.05)
            names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
            assert not [name for name in names if "_beats" in name]

    asyncio.run(run())


def test_no_heartbeat_and_what_is_no_duration() -> None:
    with pytest.raises(ConfigError, match=r"Events.Heartbeat is 'soon'"):
        parse(RestConf, "Name: t\nPort: 0\nEvents: {Heartbeat: soon}\n", "a.yaml")
    assert RestConf(name="t", port=0).events.heartbeat == "15s"
    silence = Silence(first=True)
    conf = parse(RestConf, "Name: t\nHost: 127.0.0.1\nPort: 0\nEvents: {Heartbeat: 0}\n", "a.yaml").config

    async def endpoint(ctx: Context, svc: Any) -> Response:
        return event_stream(silence.run(), Step)

    async def run() -> None:
        async with serving({"/silent": endpoint}, conf) as client:
            wire = await _opened(client, "/silent")
            assert await asyncio.wait_for(wire.chunk(), 5) == b'data: {"percent":1,"text":""}\n\n'
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(wire.chunk(), 0.6)
            wire.close()

    asyncio.run(run())
