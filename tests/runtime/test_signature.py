"""Signed requests as go-zero's clients make them: what is signed, what is refused, and what Strict changes."""

import asyncio
import base64
import hashlib
import hmac
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mallgen_runtime import App, ConfigError, Context, Response, RestConf, Route, ServiceBase
from mallgen_runtime.http.conf import PrivateKeyConf, SignatureConf
from mallgen_runtime.testing import Client

KEY = b"a key that the client has made"


@pytest.fixture(scope="module")
def private() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def pem(private: RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("keys") / "private.pem"
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    return str(path)


async def paid(ctx: Context, svc: object) -> Response:
    return Response(await ctx.raw_body())


def app(pem: str, *, strict: bool = True) -> App[ServiceBase[RestConf]]:
    keys = [PrivateKeyConf(fingerprint="f1", key_file=pem)] if pem else []
    config = RestConf(name="t", port=0, signature=SignatureConf(strict=strict, private_keys=keys))
    routes = [Route(method, "/pay/:id", paid, signature=True) for method in ("GET", "POST", "PATCH")]
    return App(config, ServiceBase(config), [*routes, Route("GET", "/open", paid)])


def header(private: RSAPrivateKey, method: str, path: str, query: str, body: bytes, **changed: Any) -> dict[str, str]:
    """Return the header of go-zero's scheme; `changed` are parts of it that an attacker would change."""
    stamp = str(changed.get("stamp", int(time.time())))
    secret = f"type={changed.get('kind', 0)}; key={base64.b64encode(KEY).decode()}; time={stamp}"
    encrypted = base64.b64encode(private.public_key().encrypt(secret.encode(), PKCS1v15())).decode()
    content = "\n".join((stamp, method, path, query, hashlib.sha256(body).hexdigest())).encode()
    signature = base64.b64encode(hmac.new(changed.get("key", KEY), content, "sha256").digest()).decode()
    fingerprint = changed.get("fingerprint", "f1")
    return {
        "x-content-security": f"key={fingerprint}; secret={changed.get('secret', encrypted)}; signature={signature}"
    }


def ask(made: App[Any], method: str, path: str, body: bytes, headers: dict[str, str]) -> int:
    async def talk() -> int:
        async with Client(made) as client:
            return (await client.request(method, path, data=body, headers=headers)).status

    return asyncio.run(talk())


def test_signed_requests(private: RSAPrivateKey, pem: str) -> None:
    made = app(pem)
    assert ask(made, "POST", "/pay/7", b"{}", header(private, "POST", "/pay/7", "", b"{}")) == 200
    assert ask(made, "GET", "/pay/7?a=1&b=%20", b"", header(private, "GET", "/pay/7", "a=1&b=%20", b"")) == 200
    assert ask(made, "GET", "/open", b"", {}) == 200


CHANGES: dict[str, dict[str, Any]] = {
    "an old time": {"stamp": int(time.time()) - 9000},
    "a time ahead": {"stamp": int(time.time()) + 9000},
    "no time": {"stamp": "x"},
    "another key": {"key": b"other"},
    "another fingerprint": {"fingerprint": "f2"},
    "no base64": {"secret": "%%%"},
    "a short secret": {"secret": "YWJj"},
    "a secret of zeros": {"secret": base64.b64encode(bytes(256)).decode()},
    "a long secret": {"secret": base64.b64encode(bytes(256 * 20)).decode()},
    "an encrypted body": {"kind": 1},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES.keys())
def test_changed_signatures(private: RSAPrivateKey, pem: str, changed: dict[str, Any]) -> None:
    headers = header(private, "POST", "/pay/7", "", b"{}", **changed)
    assert ask(app(pem), "POST", "/pay/7", b"{}", headers) == 403
    assert ask(app(pem, strict=False), "POST", "/pay/7", b"{}", headers) == 200


def test_changed_requests(private: RSAPrivateKey, pem: str) -> None:
    made = app(pem)
    good = header(private, "POST", "/pay/7", "", b"{}")
    assert ask(made, "POST", "/pay/8", b"{}", good) == 403
    assert ask(made, "POST", "/pay/8", b"{}", {**good, "x-request-uri": "/pay/7"}) == 403
    assert ask(made, "POST", "/pay/7?a=1", b"{}", good) == 403
    assert ask(made, "POST", "/pay/7", b"{ }", good) == 403
    assert ask(made, "PATCH", "/pay/7", b"{}", good) == 403
    assert ask(made, "PATCH", "/pay/7", b"{}", {}) == 403
    assert ask(made, "POST", "/pay/7", b"{}", {"x-content-security": "key=f1; secret=; signature"}) == 403


def test_without_a_key_nobody_is_served(private: RSAPrivateKey) -> None:
    good = header(private, "POST", "/pay/7", "", b"{}")
    assert ask(app("", strict=False), "POST", "/pay/7", b"{}", good) == 403


def test_keys_that_cannot_work_are_refused_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no private key"):
        app(str(tmp_path / "none.pem"))
    with pytest.raises(ConfigError, match="has no private key"):
        app(__file__)
