"""Messages as bytes: JSON and binary are written by setting, and both are read."""

import pytest

from mallgen_runtime.queue.codec import decode, encode
from mallgen_runtime.queue.errors import Poison
from mallgen_runtime.queue.headers import new_id
from tests.queue.messages import OrderRequest

MESSAGE = OrderRequest(number=2**60, product_id="商品")


@pytest.mark.parametrize("form", ["json", "binary"])
@pytest.mark.parametrize("read_as", ["json", "binary"])
def test_both_are_read_with_and_without_a_type(form: str, read_as: str) -> None:
    value, kind = encode(MESSAGE, form)
    assert decode(value, OrderRequest, kind, read_as) == MESSAGE
    assert decode(value, OrderRequest, "", read_as) == MESSAGE
    assert decode(value, OrderRequest, "text/what", read_as) == MESSAGE


def test_json_is_protobufs() -> None:
    value, kind = encode(MESSAGE, "json")
    assert (value.decode(), kind) == ('{"number": "1152921504606846976", "productId": "商品"}', "application/json")


@pytest.mark.parametrize(
    "value",
    [b'{"number": 7, "product_id": "a", "unknown": [1]}', b' \n{"number": "7", "productId": "a"}'],
)
def test_json_of_others_is_read(value: bytes) -> None:
    assert decode(value, OrderRequest, "", "json") == OrderRequest(number=7, product_id="a")


def test_an_empty_message_needs_its_type() -> None:
    assert decode(b"", OrderRequest, "application/x-protobuf", "json") == OrderRequest()
    with pytest.raises(Poison, match="empty"):
        decode(b"", OrderRequest, "", "json")
    with pytest.raises(Poison):
        decode(b"", OrderRequest, "application/json; charset=utf-8", "binary")


@pytest.mark.parametrize("kind", ["", "application/json", "application/x-protobuf"])
@pytest.mark.parametrize(
    "value", [b"{", b"\xff", b"[1]", b"null", b'"text"', b'{"number": 1e400}', b'{"number": NaN}', b"[" * 200_000]
)
def test_everything_else_is_poison(value: bytes, kind: str) -> None:
    with pytest.raises(Poison):
        decode(value, OrderRequest, kind, "json")


def test_ids_sort_by_time_and_are_uuids_of_version_7() -> None:
    import uuid

    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {uuid.UUID(one).version for one in made} == {7}
    assert {uuid.UUID(one).variant for one in made} == {uuid.RFC_4122}
    assert made[0][:8] <= made[-1][:8]
