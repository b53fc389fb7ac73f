"""The protocol without sockets: checked with the h2 library, with bytes cut anywhere, and with random bytes changed."""

import asyncio
import gzip
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.h2 import frames, grpc
from mallgen_runtime.rpc.h2.client_connection import ClientCall, ClientConnection, Unprocessed
from mallgen_runtime.rpc.h2.connection import WHOLE
from mallgen_runtime.rpc.h2.frames import ConnectionFault, Reason
from mallgen_runtime.rpc.h2.hpack import indexed, literal
from mallgen_runtime.rpc.h2.limits import Budget, Limits
from mallgen_runtime.rpc.h2.server_connection import ServerConnection
from tests.h2.talking import HEAD, HELLO, Echo, call, cut, data

FIELDS = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/test.Echo/Echo"),
    (":authority", "x"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
]
MESSAGES = st.lists(st.integers(0, 80_000), min_size=1, max_size=6)


def library() -> h2.connection.H2Connection:
    made = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    made.initiate_connection()
    return made


def pumped(client: h2.connection.H2Connection, server: Echo) -> list[h2.events.Event]:
    """Exchange bytes until both sides are silent; return the events of the library."""
    found: list[h2.events.Event] = []
    while sent := client.data_to_send():
        server.core.receive(sent)
        events = client.receive_data(bytes(server.out))
        server.out.clear()
        for event in events:
            if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                client.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        found += events
    return found


@given(MESSAGES, st.booleans())
def test_calls_of_the_h2_library(sizes: list[int], padded: bool) -> None:
    client, server = library(), Echo()
    client.receive_data(server.hello)
    for number, size in enumerate(sizes):
        stream = 2 * number + 1
        client.send_headers(stream, [*FIELDS, ("traceparent", f"{number}")])
        left = grpc.framed(bytes([number]) * size)
        events = pumped(client, server)
        while left:
            most = min(client.local_flow_control_window(stream) - 8, 16_000)
            part, left = left[:most], left[most:]
            client.send_data(stream, part, end_stream=not left, pad_length=7 if padded else None)
            events += pumped(client, server)
        body = b"".join(event.data for event in events if isinstance(event, h2.events.DataReceived))
        assert body == grpc.framed(bytes([number]) * size)
        trailers: list[Any] = [event.headers for event in events if isinstance(event, h2.events.TrailersReceived)]
        assert [dict(found)["grpc-status"] for found in trailers] == ["0"]
        assert any(isinstance(event, h2.events.StreamEnded) for event in events)
    assert server.fault is None
    assert server.core.streams == {}
    assert (server.kept.held, server.core.held) == (0, 0)


class Ignored:
    """A receiver of a client connection's events that keeps the faults only."""

    def __init__(self) -> None:
        self.faults: list[ConnectionFault] = []

    def settled(self) -> None: ...

    def answered(self, call: ClientCall) -> None: ...

    def late(self, call: ClientCall) -> bool:
        return False

    def leaving(self) -> None: ...

    def ponged(self) -> None: ...

    def ended(self, fault: ConnectionFault) -> None:
        self.faults.append(fault)


class Asking:
    """A client connection without a socket."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.events = Ignored()
        self.core = ClientConnection(self.out.extend, self.events, Limits())
        self.loop = asyncio.new_event_loop()
        self.core.greet()

    def ask(self, message: bytes) -> "asyncio.Future[bytes]":
        return self.core.call(HEAD, message, self.loop.create_future()).future

    def close(self) -> None:
        self.loop.close()


@pytest.fixture
def asking() -> Iterator[Asking]:
    made = Asking()
    yield made
    made.close()


@settings(max_examples=30)
@given(MESSAGES)
def test_calls_to_the_h2_library(sizes: list[int]) -> None:
    client = Asking()
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    server.initiate_connection()
    client.core.receive(server.data_to_send())
    futures = [client.ask(b"x" * size) for size in sizes]
    left: dict[int, bytes] = {}
    while client.out:
        events = server.receive_data(bytes(client.out))
        client.out.clear()
        for event in events:
            if isinstance(event, h2.events.DataReceived):
                server.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
                left[event.stream_id or 0] = left.get(event.stream_id or 0, b"") + event.data
            elif isinstance(event, h2.events.StreamEnded):
                stream = event.stream_id or 0
                server.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
                body = left.pop(stream)
                for at in range(0, len(body), 16_000):
                    server.send_data(stream, body[at : at + 16_000])
                server.send_headers(stream, [("grpc-status", "0")], end_stream=True)
        client.core.receive(server.data_to_send())
    assert [len(future.result()) for future in futures] == sizes
    client.close()


def stream_of_calls() -> bytes:
    """Return calls of all shapes as the bytes of one connection."""
    packed = gzip.compress(b"packed" * 100)
    block = HEAD + literal(b"x-long", b"v" * 300)
    prefix = grpc.PREFIX.pack(1, len(packed))
    return b"".join(
        (
            HELLO,
            call(1),
            frames.frame(frames.PING, 0, 0, b"12345678"),
            call(3, b"x" * 5000, literal(b"traceparent", b"00-1-1-00")),
            frames.headers(5, block, end=False, most=100),
            data(5, b"\0\0\0\0\3a", end=False),
            data(5, b"", end=False),
            data(5, b"bc"),
            frames.headers(7, HEAD + literal(b"grpc-encoding", b"gzip"), end=False),
            data(7, prefix + packed),
            frames.frame(frames.HEADERS, frames.END_HEADERS | frames.PADDED, 9, b"\4" + HEAD + b"\0\0\0\0"),
            frames.frame(frames.DATA, frames.PADDED | frames.END_STREAM, 9, b"\2" + grpc.framed(b"padded") + b"\0\0"),
            frames.headers(11, HEAD + literal(b"grpc-timeout", b"soon"), end=False),
            data(11, grpc.framed(b"late")),
            frames.headers(13, HEAD, end=False),
            frames.reset(13, Reason.CANCEL),
            frames.settings([(frames.INITIAL_WINDOW, 100)]),
            call(15, b"y" * 300),
            frames.credit(15, 1000),
            frames.headers(17, HEAD, end=True),
            frames.headers(19, indexed(2) + indexed(6) + indexed(4), end=True),
            frames.frame(99, 0, 0, b"of the future"),
            frames.credit(0, 1000),
        )
    )


def answered(pieces: list[bytes]) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    server = Echo()
    for piece in pieces:
        server.core.receive(piece)
    return bytes(server.out), server.calls


def test_the_calls_of_the_stream_are_answered() -> None:
    out, calls = answered([stream_of_calls()])
    assert [message for _, message in calls] == [
        b"hi",
        b"x" * 5000,
        b"abc",
        b"packed" * 100,
        b"padded",
        b"y" * 300,
    ]
    found, rest = cut(out)
    assert rest == b""
    ended = {frame.stream for frame in found if frame.flags & 1 and frame.kind in (frames.DATA, frames.HEADERS)}
    assert ended == {1, 3, 5, 7, 9, 11, 15, 17, 19}


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_pieces_make_no_difference(size: int) -> None:
    sent = stream_of_calls()
    assert answered([sent[at : at + size] for at in range(0, len(sent), size)]) == answered([sent])


@given(st.lists(st.integers(0, 8000), max_size=30))
def test_no_cut_makes_a_difference(cuts: list[int]) -> None:
    sent = stream_of_calls()
    places = [0, *sorted(cuts), len(sent)]
    pieces = [sent[start:stop] for start, stop in itertools.pairwise(places)]
    assert answered(pieces) == answered([sent])


def mutated(sent: bytes, chance: random.Random) -> bytes:
    found = bytearray(sent)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(len(HELLO) - 9, len(found))
        how = chance.randrange(4)
        if how == 0:
            found[at] = chance.randrange(256)
        elif how == 1:
            found[at] ^= 1 << chance.randrange(8)
        elif how == 2:
            del found[at : at + chance.randrange(1, 20)]
        else:
            found[at:at] = chance.randbytes(chance.randrange(1, 20))
    return bytes(found)


@pytest.mark.parametrize("seed", range(4))
def test_changed_bytes_end_in_a_fault_or_an_answer(seed: int) -> None:
    chance = random.Random(seed)
    sent = stream_of_calls()
    faults = 0
    for _ in range(500):
        server = Echo()
        server.core.receive(mutated(sent, chance))
        found, rest = cut(bytes(server.out))
        assert rest == b""
        last = max((frame.stream for frame in found), default=0)
        assert last < 2**31
        if server.fault is not None:
            faults += 1
            assert found[-1].kind == frames.GOAWAY
            assert not server.core.streams
        server.core.end(ConnectionFault(Reason.CANCEL, "over"))
        server.core.work(WHOLE)
        assert (server.kept.held, server.core.held) == (0, 0)
    assert faults > 100


def half_calls(number: int) -> bytes:
    """Return the beginnings of `number` calls, whose bodies never end."""
    whole = grpc.framed(b"x" * 2000)
    return b"".join(
        frames.headers(2 * n + 1, HEAD, end=False) + data(2 * n + 1, whole[:1000], end=False) for n in range(number)
    )


def test_the_calls_of_a_connection_that_ended_are_let_go_in_shares() -> None:
    server = Echo()
    server.core.receive(HELLO + half_calls(900))
    before = server.kept.held
    server.core.end(ConnectionFault(Reason.CANCEL, "over"))
    assert (server.core.behind, server.closed_calls, server.kept.held) == (True, 0, before)
    turns = 0
    while server.core.behind:
        assert server.core.work(200) <= 240
        turns += 1
    assert turns > 20
    assert (server.closed_calls, server.kept.held, server.kept.shares) == (900, 0, set())


def test_memory_that_is_needed_is_taken_from_a_connection_that_ended() -> None:
    gone = Echo(Limits(kept=2 << 20))
    gone.core.receive(HELLO + half_calls(900))
    gone.core.end(ConnectionFault(Reason.CANCEL, "over"))
    other = Echo(Limits(kept=2 << 20))
    other.core = ServerConnection(other.out.extend, other, Limits(kept=2 << 20), gone.kept, Budget(2 << 20))
    other.core.greet()
    other.core.receive(HELLO + half_calls(500))
    assert len(other.core.streams) == 500
    assert gone.kept.held == other.core.held


def answers() -> bytes:
    head = indexed(8) + literal(b"content-type", b"application/grpc")
    status = literal(b"grpc-status", b"0")
    return b"".join(
        (
            frames.settings([(frames.MAX_STREAMS, 100)]),
            frames.headers(1, head, end=False),
            data(1, grpc.framed(b"one"), end=False),
            frames.headers(1, status, end=True),
            frames.headers(3, head, end=False),
            data(3, grpc.framed(b"x" * 9000)[:4000], end=False),
            data(3, grpc.framed(b"x" * 9000)[4000:], end=False),
            frames.headers(3, status, end=True),
            frames.headers(5, head + literal(b"grpc-status", b"5") + literal(b"grpc-message", b"no%20such"), end=True),
            frames.reset(7, Reason.REFUSED_STREAM),
            frames.reset(9, Reason.CANCEL),
            frames.headers(11, literal(b":status", b"503"), end=True),
            frames.goaway(11, Reason.NO_ERROR, "bye"),
        )
    )


def asked(asking: Asking, feed: Callable[[ClientConnection], None]) -> list[object]:
    futures = [asking.ask(b"q") for _ in range(7)]
    feed(asking.core)
    asking.core.end(ConnectionFault(Reason.CANCEL, "gone"))
    assert all(future.done() for future in futures)
    return [future.exception() or future.result() for future in futures]


def test_answers_and_failures(asking: Asking) -> None:
    found = asked(asking, lambda core: core.receive(answers()))
    assert found[:2] == [b"one", b"x" * 9000]
    told = [(type(problem), problem.code) for problem in found[2:] if isinstance(problem, RpcError)]
    assert told == [
        (RpcError, Code.NOT_FOUND),
        (Unprocessed, Code.UNAVAILABLE),
        (RpcError, Code.CANCELED),
        (RpcError, Code.UNAVAILABLE),
        (Unprocessed, Code.UNAVAILABLE),
    ]
    assert isinstance(found[2], RpcError)
    assert found[2].detail == "no such"


@pytest.mark.parametrize("seed", range(2))
def test_changed_answers_end_in_a_fault_or_a_result(seed: int) -> None:
    chance = random.Random(seed)
    sent = answers()
    for _ in range(300):
        asking = Asking()
        for found in asked(asking, lambda core: core.receive(mutated(HELLO + sent, chance)[len(HELLO) - 9 :])):
            assert isinstance(found, bytes | RpcError)
        asking.close()
