"""Floods against an RPC service: good calls on other connections stay in time, and the memory is given back."""

import contextlib
import gzip
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import hpack
import pytest

from mallgen_runtime.rpc.h2 import frames
from tests.attacks.rpc_harness import (
    HELLO,
    LONG,
    SECONDS,
    call,
    connected,
    data,
    flood,
    good_call,
    head,
    opened,
    survives,
)
from tests.run.shop import RpcService, Shop

pytestmark = pytest.mark.slow
TIMES = 4 if LONG else 1
CANCEL = b"\0\0\0\x08"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RpcService]:
    shop = Shop(tmp_path_factory.mktemp("attacked"))
    logic = shop.root / "shop" / "product" / "product_rpc" / "logic" / "products_logic.py"
    assert "raise NotImplementedError" not in logic.read_text(encoding="utf-8")
    with shop.rpc("product", "Transport: http2\nLog:\n  Access: false\n") as found:
        for _ in range(20):
            good_call(found.port)
        yield found


def repeated(frame: bytes) -> Iterator[bytes]:
    return itertools.repeat(frame * 4000)


def each_stream(made: Callable[[int], bytes]) -> Iterator[bytes]:
    numbers = itertools.count(1, 2)
    while True:
        yield b"".join(made(number) for number in itertools.islice(numbers, 200))


GONE = opened(1) + frames.frame(frames.RST_STREAM, 0, 1, CANCEL)
MANY_VALUES = frames.settings([(frames.INITIAL_WINDOW, 65_535 + number % 2) for number in range(2730)])
BIG = head(b"/a", *((b"x-%d" % number, b"v" * 20) for number in range(40)))
FLOODS: dict[str, Callable[[], Iterator[bytes]]] = {
    "PING": lambda: repeated(frames.frame(frames.PING, 0, 0, b"12345678")),
    "PING that answers": lambda: repeated(frames.frame(frames.PING, frames.ACK, 0, b"12345678")),
    "SETTINGS": lambda: repeated(frames.settings(())),
    "SETTINGS of unknown values": lambda: itertools.repeat(frames.settings([(99, n) for n in range(2730)]) * 10),
    "PRIORITY": lambda: repeated(frames.frame(frames.PRIORITY, 0, 1, b"\0\0\0\0\1")),
    "WINDOW_UPDATE": lambda: repeated(frames.credit(0, 1)),
    "a window of nothing": lambda: each_stream(lambda n: opened(n) + frames.credit(n, 0)),
    "unknown frames": lambda: repeated(frames.frame(77, 0, 0)),
    "GOAWAY": lambda: repeated(frames.goaway(0, frames.Reason.NO_ERROR)),
    "empty CONTINUATION": lambda: itertools.chain(
        [frames.frame(frames.HEADERS, 0, 1)], repeated(b"\0\0\0\x09\0\0\0\0\1")
    ),
    "DATA of one byte": lambda: itertools.chain(
        [opened(1) + data(1, struct.pack(">BL", 0, 4 << 20), end=False)], repeated(data(1, b"x", end=False))
    ),
    "DATA of padding": lambda: itertools.chain(
        [opened(1)], repeated(frames.frame(frames.DATA, frames.PADDED, 1, b"\xff" + b"\0" * 255))
    ),
    "DATA on a stream that is gone": lambda: itertools.chain([GONE], repeated(data(1, b"", end=False))),
    "heads on a stream that is gone": lambda: itertools.chain(
        [opened(1) + frames.credit(1, 0)], itertools.repeat(frames.headers(1, BIG, end=False) * 100)
    ),
    "resets of a stream that is gone": lambda: itertools.chain(
        [GONE], repeated(frames.frame(frames.RST_STREAM, 0, 1, CANCEL))
    ),
    "resets": lambda: each_stream(lambda n: call(n) + frames.frame(frames.RST_STREAM, 0, n, CANCEL)),
}


@pytest.mark.parametrize("name", FLOODS)
def test_frames_that_carry_no_call_end_the_connection(service: RpcService, name: str) -> None:
    said: list[bytes] = []
    survives(service, lambda port: said.append(flood(port, FLOODS[name]())))
    assert not said[0] or frames.LONG.pack(frames.Reason.ENHANCE_YOUR_CALM) in said[0]


def good_calls(number: int) -> bytes:
    return call(number)


ENCODER: Any = hpack.Encoder()
HUFFMAN = head() + ENCODER.encode([(b"x-a", b"0" * 14_000)], huffman=True).replace(b"\x40", b"\x00", 1)


@pytest.mark.parametrize(
    "made",
    [
        good_calls,
        lambda number: call(number, HUFFMAN),
        lambda number: call(number, BIG),
        lambda number: call(number, head(b"/x.Y/Z")),
        lambda number: call(number, head(kind=b"application/grpcfoo")),
    ],
    ids=["good calls", "Huffman", "many fields", "unknown methods", "no gRPC"],
)
def test_who_asks_as_fast_as_it_can_gets_its_share(service: RpcService, made: Callable[[int], bytes]) -> None:
    def attack(port: int) -> None:
        threads = [threading.Thread(target=flood, args=(port, each_stream(made))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    survives(service, attack)


def test_windows_of_a_thousand_streams(service: RpcService) -> None:
    streams = b"".join(opened(number) for number in range(1, 2000, 2))
    chunks = itertools.chain([streams], itertools.repeat(MANY_VALUES * 5))
    said: list[bytes] = []
    survives(service, lambda port: said.append(flood(port, chunks)))
    assert frames.LONG.pack(frames.Reason.ENHANCE_YOUR_CALM) in said[0] or not said[0]


def held(port: int, connections: int, sent: Callable[[int], bytes]) -> None:
    """Send something on each of `connections` connections, hold them open for SECONDS, then close them all."""
    callers = []
    for number in range(connections):
        caller = connected(port)
        callers.append(caller)
        caller.settimeout(5)
        with contextlib.suppress(OSError):
            caller.sendall(sent(number))
    time.sleep(SECONDS)
    for caller in callers:
        caller.close()


def test_heads_that_are_held(service: RpcService) -> None:
    def sent(connection: int) -> bytes:
        fields = ((b"x-a", b"%08d" % (connection * 2000 + number) + b"y" * 14_900) for number in range(500))
        return b"".join(opened(2 * number + 1, head(b"/a", field)) for number, field in enumerate(fields))

    survives(service, lambda port: held(port, 15 * TIMES, sent))


def test_bodies_that_are_held(service: RpcService) -> None:
    start = struct.pack(">BL", 0, 4 << 20)

    def sent(connection: int) -> bytes:
        numbers = range(1, 101, 2)
        heads = b"".join(opened(number) + data(number, start, end=False) for number in numbers)
        return heads + b"".join(data(number, b"x" * 16_000, end=False) for number in numbers) * 6

    survives(service, lambda port: held(port, 20 * TIMES, sent))


def test_small_bodies_that_keep_the_memory_full(service: RpcService) -> None:
    start = struct.pack(">BL", 0, 4 << 20)

    def sent(connection: int) -> bytes:
        numbers = range(1, 2000, 2)
        bodies = b"".join(opened(number) + data(number, start + b"x" * 1045, end=False) for number in numbers)
        return bodies + b"".join(data(number, b"y" * 100, end=False) for number in numbers)

    survives(service, lambda port: held(port, 40 * TIMES, sent))


def test_messages_that_unpack_to_a_thousand_times_their_size(service: RpcService) -> None:
    packed = gzip.compress(b"\x7a\xfa\xff\xff\x01" + b"\0" * 4_190_000)
    body = struct.pack(">BL", 1, len(packed)) + packed
    block = head(b"/product.Product/Products", (b"grpc-encoding", b"gzip"))
    sent = b"".join(call(number, block, body) for number in range(1, 201 * TIMES, 2))
    survives(service, lambda port: held(port, 4, lambda connection: sent))


def test_replies_that_nobody_takes(service: RpcService) -> None:
    hello = frames.PREFACE + frames.settings([(frames.INITIAL_WINDOW, 2**31 - 1)])
    calls = b"".join(call(number) for number in range(1, 2000, 2))

    def attack(port: int) -> None:
        callers = []
        for _ in range(20 * TIMES):
            caller = socket.socket()
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            caller.connect(("127.0.0.1", port))
            caller.settimeout(1)
            callers.append(caller)
            with contextlib.suppress(OSError):
                caller.sendall(hello + calls)
        time.sleep(SECONDS)
        for caller in callers:
            caller.close()

    survives(service, attack)


def test_a_length_of_4400_digits(service: RpcService) -> None:
    number = head(b"/product.Product/Products", (b"content-length", b"9" * 4400))

    def attack(port: int) -> None:
        said = flood(port, iter([call(1, number)]), HELLO, 0.5)
        assert frames.reset(1, frames.Reason.PROTOCOL_ERROR) in said

    survives(service, attack)
