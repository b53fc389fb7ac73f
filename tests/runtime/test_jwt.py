"""Tokens that must not pass: forged, confused, malformed, out of their time; each gets the same 401."""

import base64
import hmac
import json
import time
from typing import Any

import pytest

from mallgen_runtime.http.conf import TokenRules
from mallgen_runtime.http.jwt import check
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.testing import context

SECRET, BEFORE = "a secret of at least thirty-two bytes", "o" * 32
HEAD = {"alg": "HS256", "typ": "JWT"}
NOW = int(time.time())


def _part(value: Any) -> bytes:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def signed(payload: Any, head: Any = HEAD, secret: str = SECRET, digest: str = "sha256") -> str:
    """Return a signed token with this head and payload, given as JSON values or bytes."""
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


LATER = int(time.time()) + 1000
STRICT = {
    "exp of 400 digits": signed(b'{"exp":' + b"9" * 400 + b"}"),
    "exp of 400 digits as a fraction": signed(b'{"exp":' + b"9" * 300 + b".0}"),
    "exp beyond the year 9999": signed({"exp": 253402300800}),
    "exp true": signed({"exp": True}),
    "exp twice": signed(f'{{"exp":1,"exp":{LATER}}}'.encode()),
    "exp twice, escaped": signed(f'{{"\\u0065xp":1,"exp":{LATER}}}'.encode()),
    "uid twice": signed(b'{"uid":1,"uid":2}'),
    "a name twice below": signed(b'{"a":[{"b":1,"b":2}]}'),
    "alg twice": signed({}, b'{"alg":"none","alg":"HS256"}'),
    "crit empty": signed({}, {**HEAD, "crit": []}),
    "crit null": signed({}, {**HEAD, "crit": None}),
    "b64 without crit": signed({}, {**HEAD, "b64": True}),
    "payload in UTF-16": signed('{"uid":1}'.encode("utf-16")),
    "payload in UTF-32": signed('{"uid":1}'.encode("utf-32-le")),
    "payload with a byte order mark": signed(b'\xef\xbb\xbf{"uid":1}'),
    "payload not UTF-8": signed(b'{"uid":"\xff"}'),
    "head in UTF-16": signed({}, json.dumps(HEAD).encode("utf-16-le")),
    "Infinity": signed(b'{"a":Infinity}'),
}


@pytest.mark.parametrize("token", STRICT.values(), ids=STRICT.keys())
def test_strict(token: str) -> None:
    """A token that two readers may read differently, or as one that never ends, is refused."""
    with pytest.raises(ApiError) as refused:
        check(context(headers={"authorization": token}), (SECRET,))
    assert refused.value.status == 401


def test_another_spelling_of_a_token_is_none() -> None:
    token = signed({"uid": 1})
    alike = [token[:-1] + chr(ord(token[-1]) + 1), token + "=", token + "A"]
    for text in alike:
        with pytest.raises(ApiError):
            check(context(headers={"authorization": text}), (SECRET,))


@pytest.mark.parametrize(
    ("claims", "rules", "good"),
    [
        ({"iat": NOW + 60}, TokenRules(0, False), False),
        ({"iat": NOW + 60}, TokenRules(120, False), True),
        ({"nbf": NOW + 60}, TokenRules(120, False), True),
        ({"exp": NOW - 60}, TokenRules(0, False), False),
        ({"exp": NOW - 60}, TokenRules(600, False), True),
        ({"exp": NOW - 700}, TokenRules(600, False), False),
        ({"uid": 1}, TokenRules(0, True), False),
        ({"exp": NOW + 1000}, TokenRules(0, True), True),
    ],
)
def test_rules(claims: dict[str, Any], rules: TokenRules, good: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)  # time has passed since this module was imported
    ctx = context(headers={"authorization": signed(claims)})
    if good:
        assert check(ctx, (SECRET,), rules) == claims
    else:
        with pytest.raises(ApiError):
            check(ctx, (SECRET,), rules)
