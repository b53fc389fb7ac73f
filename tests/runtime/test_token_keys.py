"""Tokens that others sign: each algorithm, keys of files and URLs, their renewal, issuer and audience, confusion."""

import asyncio
import contextlib
import hmac
import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from mallgen_runtime import App, ConfigError, Context, JwtConf, Response, RestConf, Route, ServiceBase, issue_token
from mallgen_runtime.http import token_keys
from mallgen_runtime.http.jwt import sign
from mallgen_runtime.schema import Struct
from mallgen_runtime.testing import Answer, Client
from tests.runtime.test_jwt import _part

RSA, OTHER = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
EC256, EC384, EC521 = (ECKey.generate_key(curve) for curve in ("P-256", "P-384", "P-521"))
ED = OKPKey.generate_key("Ed25519")
KEYS: dict[str, Any] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA),
    "ES256": EC256,
    "ES384": EC384,
    "ES512": EC521,
    "EdDSA": ED,
    "Ed25519": ED,
}
SECRET = "a secret of at least thirty-two bytes"


class Config(RestConf, kw_only=True):
    auth: JwtConf


class Me(Struct, kw_only=True):
    """The claims that the routes need."""

    uid: int
    name: str = ""


async def me(ctx: Context, svc: object) -> Response:
    mine = ctx.claims_as(Me)
    return Response(json.dumps([mine.uid, mine.name]).encode())


def app(conf: JwtConf) -> App[ServiceBase[Config]]:
    config = Config(name="t", port=0, auth=conf)
    return App(config, ServiceBase(config), [Route("GET", "/me", me, jwt="auth")])


def ask(made: App[Any], *tokens: str) -> list[int]:
    async def talk() -> list[int]:
        async with Client(made) as client:
            answers = [await client.get("/me", headers={"authorization": f"Bearer {token}"}) for token in tokens]
            return [answer.status for answer in answers]

    return asyncio.run(talk())


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("algorithm", list(KEYS))
def test_each_algorithm_with_a_pem(algorithm: str, tmp_path: Path) -> None:
    key = KEYS[algorithm]
    public, private = tmp_path / "public.pem", tmp_path / "private.pem"
    public.write_bytes(key.as_pem(private=False))
    private.write_bytes(key.as_pem(private=True))
    conf = JwtConf(algorithms=[algorithm], public_key_file=str(public), private_key_file=str(private))  # type: ignore[list-item]
    good = issue_token(conf, uid=7, name="Zoë")
    forged = good[:-8] + ("AAAAAAAA" if good[-8:] != "AAAAAAAA" else "BBBBBBBB")
    assert ask(app(conf), good, forged, issue_token(conf), sign({"uid": 7}, SECRET)) == [200, 401, 401, 401]


@pytest.mark.parametrize(("algorithm", "digest"), [("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")])
def test_shared_secrets(algorithm: str, digest: str) -> None:
    conf = JwtConf(access_secret=SECRET, algorithms=[algorithm])  # type: ignore[list-item]
    text = _part({"alg": algorithm}) + b"." + _part({"uid": 1})
    made = (text + b"." + _part(hmac.new(SECRET.encode(), text, digest).digest())).decode()
    assert ask(app(conf), made, issue_token(conf, uid=1), sign({"uid": 1}, SECRET, "HS256")) == [
        200,
        200,
        200 if algorithm == "HS256" else 401,
    ]


def test_a_public_key_is_no_secret(tmp_path: Path) -> None:
    pem = RSA.as_pem(private=False)
    (tmp_path / "k.pem").write_bytes(pem)
    conf = JwtConf(algorithms=["RS256", "HS256"], access_secret=SECRET, public_key_file=str(tmp_path / "k.pem"))
    text = _part({"alg": "HS256"}) + b"." + _part({"uid": 1})
    confused = (text + b"." + _part(hmac.new(pem, text, "sha256").digest())).decode()
    bare = (_part({"alg": "none"}) + b"." + _part({"uid": 1}) + b".").decode()
    assert ask(app(conf), confused, bare, "x", sign({"uid": 1}, SECRET), sign({"uid": 1}, RSA, "RS256")) == [
        401,
        401,
        401,
        200,
        200,
    ]


def test_issuer_audience_and_time(tmp_path: Path) -> None:
    conf = JwtConf(access_secret=SECRET, issuer="https://id", audience="shop", leeway=60)
    now = int(time.time())
    assert ask(
        app(conf),
        issue_token(conf, uid=1),
        issue_token(conf, uid=1, aud=["other", "shop"]),
        issue_token(conf, uid=1, iss="https://evil"),
        issue_token(conf, uid=1, aud="other"),
        sign({"uid": 1}, SECRET),
        issue_token(conf, uid=1, exp=now - 30),
        issue_token(conf, uid=1, exp=now - 90),
    ) == [200, 200, 401, 401, 401, 200, 401]


def jwks(**keys: Any) -> bytes:
    listed = [{**key.as_dict(private=False), "kid": name, "use": "sig"} for name, key in keys.items()]
    return json.dumps({"keys": listed}).encode()


def test_a_file_of_keys_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_keys, "_STAT_SECONDS", 0.0)
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(one=RSA, two=EC256))
    made = app(JwtConf(algorithms=["RS256", "ES256"], jwks_file=str(file)))
    first, second = sign({"uid": 1}, RSA, "RS256", "one"), sign({"uid": 1}, EC256, "ES256", "two")
    third = sign({"uid": 1}, OTHER, "RS256", "three")
    assert ask(made, first, second, third, sign({"uid": 1}, RSA, "RS256", "two")) == [200, 200, 401, 401]
    file.write_bytes(jwks(three=OTHER))
    assert ask(made, first, third) == [401, 200]
    file.write_bytes(b"{ half")
    assert ask(made, third) == [200]
    file.unlink()
    assert ask(made, third) == [200]


class Keys(http.server.BaseHTTPRequestHandler):
    body: bytes = b""
    status = 200
    asked = 0

    def do_GET(self) -> None:
        Keys.asked += 1
        self.send_response(Keys.status)
        if Keys.status == 302:
            self.send_header("location", "/other")
        self.end_headers()
        self.wfile.write(Keys.body)

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    Keys.status, Keys.asked = 200, 0
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks"
    server.shutdown()
    server.server_close()


def test_keys_of_a_url_are_kept_and_fetched_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Keys.body = jwks(one=RSA)
    made = app(JwtConf(algorithms=["RS256"], jwks_url=url))
    first, second = sign({"uid": 1}, RSA, "RS256", "one"), sign({"uid": 1}, OTHER, "RS256", "two")
    assert ask(made, first, first, second, second) == [200, 200, 401, 401]
    assert Keys.asked == 1  # an id that nobody knows does not cause a fetch each
    Keys.body = jwks(two=OTHER)
    monkeypatch.setattr(token_keys, "_AGAIN_SECONDS", 0.0)
    assert ask(made, first, second) == [200, 200]
    assert Keys.asked == 2
    Keys.status = 500
    assert ask(made, second, first) == [200, 401]


def test_requests_that_wait_for_keys_share_a_fetch(url: str) -> None:
    Keys.body = jwks(one=RSA)
    made = app(JwtConf(algorithms=["RS256"], jwks_url=url))

    async def talk() -> list[Answer]:
        headers = {"authorization": f"Bearer {sign({'uid': 1}, RSA, 'RS256', 'one')}"}
        async with Client(made) as client:
            return await asyncio.gather(*(client.get("/me", headers=headers) for _ in range(20)))

    assert {answer.status for answer in asyncio.run(talk())} == {200}
    assert Keys.asked == 1


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (302, b""), (200, b"no json"), (200, b'{"keys":[]}'), (200, b" " * (300 << 10))]
)
def test_keys_that_cannot_be_had_are_a_503(url: str, status: int, body: bytes) -> None:
    Keys.status, Keys.body = status, body
    made = app(JwtConf(algorithms=["RS256"], jwks_url=url))
    assert ask(made, sign({"uid": 1}, RSA, "RS256"), "no token at all") == [503, 401]


def test_a_key_that_is_not_understood_spoils_no_other(url: str) -> None:
    unknown = [{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA", "kid": "new"}, {"kty": "RSA", "kid": "half"}]
    Keys.body = json.dumps({"keys": [*unknown, *json.loads(jwks(one=RSA))["keys"]]}).encode()
    made = app(JwtConf(algorithms=["RS256"], jwks_url=url))
    assert ask(made, sign({"uid": 1}, RSA, "RS256", "one"), sign({"uid": 1}, RSA, "RS256", "new")) == [200, 401]


@pytest.mark.parametrize("said", [b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + b'{"a":' * 50_000])
def test_a_server_of_keys_that_speaks_nonsense_is_a_503(said: bytes) -> None:
    assert answer_with_keys_from(lambda: iter((said,))) == 503


def test_the_time_for_keys_is_for_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends a byte now and then keeps neither the request nor the thread."""
    monkeypatch.setattr(token_keys, "_FETCH_SECONDS", 0.2)

    def slowly() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nx: "
        for _ in range(100):
            time.sleep(0.05)
            yield b"a"

    began = time.monotonic()
    assert answer_with_keys_from(slowly) == 503
    assert time.monotonic() - began < 2  # asyncio.run waits for the thread, too


def answer_with_keys_from(said: Callable[[], Iterator[bytes]]) -> int:
    """Return the status of a request with a token while the server of keys says this."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError), server.accept()[0] as taken:
                taken.recv(4096)
                for piece in said():
                    taken.sendall(piece)

        threading.Thread(target=serve, daemon=True).start()
        made = app(JwtConf(algorithms=["RS256"], jwks_url=f"http://127.0.0.1:{server.getsockname()[1]}/"))
        return ask(made, sign({"uid": 1}, RSA, "RS256"))[0]


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        (JwtConf(), "the secret of Auth is empty"),
        (JwtConf(algorithms=[], access_secret=SECRET), "Auth has no Algorithms"),
        (JwtConf(algorithms=["RS256"]), "Auth with Algorithms RS256 needs one of PublicKeyFile, JwksFile and JwksUrl"),
        (JwtConf(access_secret=SECRET, jwks_url="http://x"), "Auth with Algorithms HS256 uses no public keys"),
        (JwtConf(algorithms=["RS256"], jwks_url="http://x", jwks_file="y"), "needs one of"),
        (JwtConf(algorithms=["RS256"], jwks_url="file:///etc/passwd"), "is no URL of http or https"),
        (JwtConf(algorithms=["RS256"], public_key_file="/nowhere.pem"), "the keys of Auth cannot be read"),
        (JwtConf(algorithms=["RS256"], public_key_file=__file__), "has no public keys for Auth"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_start(conf: JwtConf, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        app(conf)


def test_keys_for_other_algorithms_are_refused_at_start(tmp_path: Path) -> None:
    """No token could ever be accepted."""
    (tmp_path / "public.pem").write_bytes(RSA.as_pem(private=False))
    with pytest.raises(ConfigError, match="has no key of Auth for Algorithms ES256, EdDSA"):
        app(JwtConf(algorithms=["ES256", "EdDSA"], public_key_file=str(tmp_path / "public.pem")))


def test_a_token_without_a_key_to_sign_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="without PrivateKeyFile"):
        issue_token(JwtConf(algorithms=["RS256"]), uid=1)
    (tmp_path / "public.pem").write_bytes(RSA.as_pem(private=False))
    with pytest.raises(ConfigError, match="it is a public key"):
        issue_token(JwtConf(algorithms=["RS256"], private_key_file=str(tmp_path / "public.pem")), uid=1)
