"""Secrets, states and addresses: no output of a service shows a secret, and proxies are believed only where trusted."""

import asyncio
import json
import traceback
from typing import Annotated, Any

import pytest
from msgspec import Struct, field

from mallgen_runtime import App, Context, Response, Route, ServiceBase
from mallgen_runtime.discovery import EtcdConf
from mallgen_runtime.http.conf import JwtConf, JwtTransitionConf, RestConf
from mallgen_runtime.http.proxies import TrustedProxies
from mallgen_runtime.process.conf import parse_config
from mallgen_runtime.process.devserver import StateLog, readiness
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.masking import is_secret
from mallgen_runtime.rpc import Code, RpcClientConf, RpcError
from mallgen_runtime.testing import Client

ETCD = EtcdConf(hosts=["etcd:2379"], user="mall", password="s3cret")


class Database(Struct, kw_only=True):
    """A settings class of the user's own."""

    data_source: str = "root:s3cret@tcp(db:3306)/mall"
    password: str = "s3cret"
    url: str = "postgres://root:s3cret@db/mall"
    hosts: list[str] = field(default_factory=lambda: ["redis://:s3cret@cache:6379"])
    more: dict[str, str] = field(default_factory=lambda: {"ApiKey": "s3cret"})


class Settings(RestConf, kw_only=True):
    """Settings with all kinds of secrets."""

    auth: JwtConf = field(default_factory=lambda: JwtConf(access_secret="s3cret", prev_secret="s3cret"))
    moved: JwtTransitionConf = field(default_factory=lambda: JwtTransitionConf(secret="s3cret"))
    order_rpc: RpcClientConf = field(default_factory=lambda: RpcClientConf(etcd=ETCD))
    database: Database = field(default_factory=Database)
    github_token: Annotated[str, "a marker"] = "s3cret"


def test_no_repr_shows_a_secret() -> None:
    made = Settings(name="mall", port=1)
    for text in (repr(made), str(made), f"{made!r}", repr(made.auth), repr([made.moved]), repr(ETCD)):
        assert "s3cret" not in text
    assert "hosts=['etcd:2379'], key='', id=0, user='mall', password='***'" in repr(ETCD)
    assert "s3cret" not in "".join(map(str, made.__rich_repr__()))
    assert made.auth.access_secret == "s3cret"


def test_an_error_about_a_setting_shows_no_value() -> None:
    text = "Name: a\nPort: 1\nAuth:\n  AccessSecret: [s3cret]\n"
    try:
        parse_config(Settings, text, "a.yaml")
    except ConfigError:
        assert "s3cret" not in traceback.format_exc()
    else:
        raise AssertionError("a list is no secret")


@pytest.mark.parametrize(
    "name", ["AccessSecret", "access_secret", "Pass", "db_pass", "dbPassword", "DSN", "private_key"]
)
def test_secret_names(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["key", "AccessExpire", "key_file", "compass", "passenger", "name", "bypass"])
def test_other_names(name: str) -> None:
    assert not is_secret(name)


PROXIES = ["10.0.0.0/8", "192.0.2.7", "::1", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
        ("127.0.0.1", ["1.2.3.4"], "127.0.0.1"),
        ("10.1.1.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.1.1.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        ("10.1.1.1", ["6.6.6.6, 1.2.3.4, 10.2.2.2"], "1.2.3.4"),
        ("10.1.1.1", ["6.6.6.6", "1.2.3.4", "192.0.2.7"], "1.2.3.4"),
        ("10.1.1.1", ["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        ("10.1.1.1", ["1.2.3.4:5678"], "1.2.3.4"),
        ("10.1.1.1", ["[2001:4860::1]:443"], "2001:4860::1"),
        ("10.1.1.1", ["1.2.3.4, unknown"], "10.1.1.1"),
        ("10.1.1.1", ["1.2.3.4, "], "10.1.1.1"),
        ("10.1.1.1", ["1.2.3.4, \xff"], "10.1.1.1"),
        ("10.1.1.1", [], "10.1.1.1"),
        ("::ffff:10.1.1.1", ["::ffff:1.2.3.4"], "1.2.3.4"),
        ("2001:db8::5", ["2001:4860::1"], "2001:4860::1"),
        ("", ["1.2.3.4"], ""),
    ],
)
def test_the_nearest_address_that_is_no_proxy(peer: str, forwarded: list[str], client: str) -> None:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    assert TrustedProxies(PROXIES).client(peer, headers) == client


def test_what_is_no_proxy_is_told() -> None:
    with pytest.raises(ConfigError, match="TrustedProxies: 'nginx' is neither an address nor a network"):
        TrustedProxies(["nginx"])


async def _client_address(ctx: Context, svc: object) -> Response:
    return Response(ctx.client.encode())


async def _calls(ctx: Context, svc: object) -> Response:
    raise RpcError(Code[ctx.headers["code"][0]], "10.0.0.7:8080 refused, see /var/log")


def _app(states: dict[str, str], **settings: Any) -> App:
    conf = RestConf(name="a", port=1, **settings)
    app = App(conf, ServiceBase(conf), [Route("GET", "/who", _client_address), Route("GET", "/call", _calls)])
    app.checks.append(lambda: states)
    return app


def _get(app: App, path: str, **headers: str) -> Any:
    async def asked() -> Any:
        async with Client(app) as client:
            return await client.get(path, headers=headers)

    return asyncio.run(asked())


def test_the_setting_reaches_the_context() -> None:
    sent = {"x-forwarded-for": "1.2.3.4"}
    assert _get(_app({}), "/who", **sent).body == b"127.0.0.1"
    assert _get(_app({}, trusted_proxies=["127.0.0.1"]), "/who", **sent).body == b"1.2.3.4"


def test_readiness_tells_no_addresses(caplog: pytest.LogCaptureFixture) -> None:
    states = {
        "order.rpc": "etcd 10.0.0.7:2379, 10.0.0.8:2379 cannot be reached",
        "product.rpc": "no instance of product.rpc is registered",
        "cart.rpc": "no instance of 10.0.0.9 is registered",
    }
    answer = _get(_app(states), "/readyz")
    assert "10.0.0" not in answer.body.decode()
    expected = {
        "status": "degraded",
        "service": "ok",
        "order.rpc": "degraded",
        "product.rpc": "degraded",
        "cart.rpc": "degraded",
    }
    assert (answer.status, answer.json()) == (200, expected)
    assert json.loads(readiness(states)[1])["order.rpc"] == states["order.rpc"]
    assert {f"readiness of {name}: {state}" for name, state in states.items()} == set(caplog.messages)


def test_a_state_is_logged_when_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    log = StateLog()
    for state in ("ok", "away", "away", "ok", "stopping"):
        log.noted({"a": state})
    assert caplog.messages == ["readiness of a: away", "readiness of a: ok"]


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK], ids=lambda code: code.name)
def test_what_a_transport_may_have_said_stays_in_the_log(code: Code, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        answer = _get(_app({}), "/call", code=code.name)
    told = code.name in {
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNAUTHENTICATED",
    }
    assert ("10.0.0.7" in answer.body.decode()) is told
    assert "10.0.0.7:8080 refused" in caplog.text
    assert answer.json()["code"] == code.name.lower()
