"""Tokens that must not pass: forged, confused, malformed, out of time. Each gets the same 401."""

import base64
import hmac
import json
import time
from typing import Any

import pytest

from mallgen_runtime.jwt import check
from mallgen_runtime.problems import ApiError
from mallgen_runtime.testing import context

SECRET, BEFORE = "a secret of at least thirty-two bytes", "o" * 32
HEAD = {"alg": "HS256", "typ": "JWT"}
NOW = int(time.time())


def _part(value: Any) -> bytes:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def signed(payload: Any, head: Any = HEAD, secret: str = SECRET, digest: str = "sha256") -> str:
    """A token with this head and payload, JSON or bytes."""
    text = _part(head) + b"." + _part(payload)
    return (text + b"." + _part(hmac.new(secret.encode(), text, digest).digest())).decode()


@pytest.mark.parametrize(
    ("token", "claims"),
    [
        (signed({"uid": 1}), {"uid": 1}),
        (signed({"uid": 1}, secret=BEFORE), {"uid": 1}),
        (signed({"exp": NOW + 1000, "nbf": NOW - 10}), {"exp": NOW + 1000, "nbf": NOW - 10}),
    ],
    ids=["today's secret", "the secret before", "in its time"],
)
def test_good(token: str, claims: dict[str, Any]) -> None:
    for spelled in (token, f"Bearer {token}", f"bearer {token}"):
        assert check(context(headers={"authorization": spelled}), (SECRET, BEFORE)) == claims


EXPIRIES: tuple[Any, ...] = ("x", "9999999999", None, [], {"a": 1}, -1)
PAYLOADS: tuple[Any, ...] = ([1], "x", None, b"{{", b"", b"[" * 20_000, b'{"a":' * 20_000)
BAD = {
    "no signature": signed({}, {"alg": "none"}).rpartition(".")[0] + ".",
    "alg none": signed({}, {"alg": "none"}),
    "alg None": signed({}, {"alg": "None"}),
    "alg HS512": signed({}, {"alg": "HS512"}, digest="sha512"),
    "alg RS256": signed({}, {"alg": "RS256"}),
    "no alg": signed({}, {}),
    "key in the head": signed({}, {**HEAD, "jwk": {"kty": "oct", "k": "YQ"}}, secret="a"),
    "critical header": signed({}, {**HEAD, "crit": ["x"], "x": 1}),
    "unencoded payload": signed({}, {**HEAD, "crit": ["b64"], "b64": False}),
    "empty secret": signed({}, secret=""),
    "expired": signed({"exp": NOW - 1}),
    "not yet": signed({"nbf": NOW + 1000}),
    "issued later": signed({"iat": NOW + 1000}),
    **{f"exp {value!r}": signed({"exp": value}) for value in EXPIRIES},
    "exp NaN": signed(b'{"exp":NaN}'),
    "exp 1e400": signed(b'{"exp":1e400}'),
    **{f"payload {value!r:.20}": signed(value) for value in PAYLOADS},
    "deep head": signed({}, b"[" * 20_000),
    "large": signed({"a": "x" * (1 << 20)}, secret="another"),
    "a long number": signed(b'{"a":' + b"9" * 5000 + b"}"),
    **{repr(text): text for text in ("a.b.c", "..", "." * 1000, "a.b.c.d.e", "é.é.é", "Bearer", "Basic x")},
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD.keys())
def test_bad(token: str) -> None:
    with pytest.raises(ApiError) as refused:
        check(context(headers={"authorization": token}), (SECRET, BEFORE))
    assert refused.value.status == 401
    assert refused.value.detail == "the token is not valid or has expired"
