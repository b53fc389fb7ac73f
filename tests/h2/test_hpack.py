"""HPACK checked with the library of the same name: each reads the other's bytes, and wrong bytes raise nothing else."""

from typing import Any

import hpack
import pytest
from hpack.table import HeaderTable
from hypothesis import given, settings
from hypothesis import strategies as st

from mallgen_runtime.rpc.h2 import huffman
from mallgen_runtime.rpc.h2.frames import ConnectionFault
from mallgen_runtime.rpc.h2.hpack import STATIC, Decoder, literal

NAMES = st.one_of(
    st.sampled_from([":path", ":method", "te", "grpc-timeout", "traceparent", "x-request-id", "user-agent"]),
    st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True),
)
VALUES = st.one_of(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60), st.sampled_from(["", "1"]))
LISTS = st.lists(st.tuples(NAMES, VALUES), max_size=12)


def test_the_static_table() -> None:
    assert HeaderTable.STATIC_TABLE == STATIC


@given(st.lists(st.tuples(LISTS, st.booleans(), st.sampled_from([None, 0, 64, 200, 4096])), max_size=8))
def test_what_the_library_writes_is_read(blocks: list[tuple[list[tuple[str, str]], bool, int | None]]) -> None:
    encoder = hpack.Encoder()
    decoder = Decoder(1 << 20, 1000)
    for fields, squeeze, size in blocks:
        if size is not None:
            encoder.header_table_size = size
        block = encoder.encode(fields, huffman=squeeze)
        assert decoder.decode(block) == [(name.encode(), value.encode()) for name, value in fields]


@given(LISTS)
def test_what_we_write_is_read_and_leaves_no_trace(fields: list[tuple[str, str]]) -> None:
    decoder = hpack.Decoder()
    block = b"".join(literal(name.encode(), value.encode()) for name, value in fields)
    found: list[Any] = [tuple(field) for field in decoder.decode(block)]
    assert found == fields
    assert not decoder.header_table.dynamic_entries


@pytest.mark.parametrize("size", [0, 1, 126, 127, 128, 254, 255, 16_000])
def test_lengths_around_the_edges_of_their_prefix(size: int) -> None:
    found: list[Any] = [tuple(field) for field in hpack.Decoder(1 << 20).decode(literal(b"x", b"v" * size))]
    assert found == [("x", "v" * size)]
    assert Decoder(1 << 20, 10).decode(literal(b"x", b"v" * size)) == [(b"x", b"v" * size)]


@given(st.binary(max_size=200))
def test_huffman(text: bytes) -> None:
    encoded = hpack.huffman.HuffmanEncoder(
        hpack.huffman_constants.REQUEST_CODES, hpack.huffman_constants.REQUEST_CODES_LENGTH
    ).encode(text)
    assert huffman.decode(encoded) == text


@given(st.binary(max_size=40))
def test_huffman_agrees_on_what_is_wrong(data: bytes) -> None:
    from hpack.exceptions import HPACKDecodingError
    from hpack.huffman_table import decode_huffman

    try:
        expected = decode_huffman(data)
    except HPACKDecodingError:
        with pytest.raises(huffman.HuffmanError):
            huffman.decode(data)
    else:
        assert huffman.decode(data) == expected


@settings(max_examples=500)
@given(st.lists(st.binary(max_size=60), max_size=4))
def test_any_bytes_are_a_block_or_a_fault(blocks: list[bytes]) -> None:
    ours, theirs = Decoder(1 << 20, 1000), hpack.Decoder(1 << 20)
    for block in blocks:
        try:
            found = ours.decode(block)
        except ConnectionFault:
            with pytest.raises(Exception):  # noqa: B017 - the library has several
                theirs.decode(block, raw=True)
            return
        assert found == [tuple(field) for field in theirs.decode(block, raw=True)]


def test_a_list_that_is_too_long_is_cut_and_one_far_too_long_is_a_fault() -> None:
    decoder = Decoder(1000, 10)
    decoder.decode(literal(b"x", b"v" * 900))
    assert not decoder.over
    decoder.decode(b"".join(literal(b"x", b"") for _ in range(11)))
    assert decoder.over
    decoder.decode(literal(b"x", b"v" * 1200))
    assert decoder.over
    with pytest.raises(ConnectionFault):
        decoder.decode(literal(b"x", b"v" * 3000))


@pytest.mark.parametrize(
    ("name", "value", "sound"),
    [
        (b"x-a", b"v v", True),
        (b"X-A", b"v", False),
        (b"", b"v", False),
        (b"x a", b"v", False),
        (b"x:a", b"v", False),
        (b"x", b"v\r\nb: c", False),
        (b"x", b"\x00", False),
        (b"x", b" v", False),
        (b"x", b"v\t", False),
        (b"x", "值".encode(), True),
    ],
)
def test_names_and_values_that_http_forbids(name: bytes, value: bytes, sound: bool) -> None:
    decoder = Decoder(1000, 10)
    decoder.decode(literal(name, value))
    assert decoder.malformed is not sound
