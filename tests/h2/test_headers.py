"""The meaning of a header block does not depend on the blocks that were read before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallgen_runtime.process.errors import RpcError
from mallgen_runtime.rpc.h2.frames import ConnectionFault
from mallgen_runtime.rpc.h2.grpc import metadata_fields, timeout_field
from mallgen_runtime.rpc.h2.headers import Malformed, RequestHeaders, RequestReader, request_of
from mallgen_runtime.rpc.h2.hpack import Decoder, indexed, literal
from tests.h2.talking import HEAD

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OWN = st.builds(
    lambda timeout, more: HEAD + (b"" if timeout is None else timeout_field(timeout)) + metadata_fields(more),
    st.none() | st.floats(-1, 1e6),
    st.lists(
        st.sampled_from(
            [("traceparent", PARENT), ("traceparent", "x"), ("x-request-id", "r1"), ("x-request-id", "a b"), ("k", "v")]
        ),
        max_size=4,
    ),
)
FIELDS = st.tuples(
    st.sampled_from(
        [b"grpc-timeout", b"traceparent", b"x-request-id", b"k", b":path", b"te", b"Bad", b"grpc-encoding"]
    ),
    st.sampled_from([b"", b"1S", b"5m", b"gzip", PARENT.encode(), b"trailers", b"x" * 130, b" v"]),
)
OTHER = st.lists(st.tuples(FIELDS, st.sampled_from([b"\x10", b"\x00", b"\x40"])), max_size=6).map(
    lambda parts: HEAD + b"".join(kind + literal(*field)[1:] for field, kind in parts)
)
INDEXED = st.lists(st.integers(1, 70), max_size=3).map(lambda found: HEAD + b"".join(map(indexed, found)))


def meaning(decoder: Decoder, block: bytes) -> object:
    """Return the request in a block as a reader without a cache reads it, which keeps the HPACK table only."""
    fields = decoder.decode(block)
    if decoder.malformed:
        return Malformed
    return request_of(fields)


def comparable(found: object) -> object:
    if isinstance(found, RequestHeaders) and found.problem is not None:
        return found._replace(problem=None), found.problem.detail
    return found


@given(st.lists(st.one_of(OWN, OTHER, INDEXED), min_size=1, max_size=12))
def test_any_order_of_heads(blocks: list[bytes]) -> None:
    reader, plain = RequestReader(Decoder(16_384, 256)), Decoder(16_384, 256)
    for block in blocks:
        expected: object
        try:
            expected = meaning(plain, block)
        except Malformed:
            expected = Malformed
        except ConnectionFault:
            with pytest.raises(ConnectionFault):
                reader.read(block)
            return
        found: object
        try:
            found = reader.read(block)
        except Malformed:
            found = Malformed
        assert comparable(found) == comparable(expected)


def test_a_known_start_counts_for_the_limits() -> None:
    reader = RequestReader(Decoder(700, 9))
    assert reader.read(HEAD).problem is None
    assert reader.read(HEAD + literal(b"k", b"v")).metadata == ((b"k", b"v"),)
    for more in (literal(b"k", b"v" * 400), literal(b"k", b"") * 4):
        with pytest.raises(RpcError):
            reader.read(HEAD + more)
