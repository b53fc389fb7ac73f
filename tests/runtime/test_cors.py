"""Cors: which pages of other origins may call, by the settings of the service or of a group."""

import asyncio
from typing import Any

import pytest
from msgspec import field

from mallgen_runtime import App, ConfigError, Context, Response, RestConf, Route, ServiceBase
from mallgen_runtime.http.conf import CorsConf
from mallgen_runtime.process.conf import parse
from mallgen_runtime.testing import Answer, Client

SHOP = "https://shop.example"


class _Conf(RestConf, kw_only=True):
    public: CorsConf = field(default_factory=CorsConf)


async def _fine(ctx: Context, svc: object) -> Response:
    return Response(b"{}", 200, {"vary": "Accept"})


ROUTES = [
    Route("GET", "/a", _fine),
    Route("POST", "/a", _fine),
    Route("GET", "/open/:id", _fine, cors="public"),
]


def asked(settings: str, method: str, path: str, origin: str = SHOP, **headers: str) -> Answer:
    """Return the answer of a service with these settings."""
    conf = parse(_Conf, f"Name: a\nPort: 1\n{settings}", "a.yaml").config
    sent = {"origin": origin, **{name.replace("_", "-"): value for name, value in headers.items()}}

    async def run() -> Answer:
        async with Client(App(conf, ServiceBase(conf), ROUTES)) as client:
            return await client.request(method, path, headers={k: v for k, v in sent.items() if v})

    return asyncio.run(run())


def told(answer: Answer) -> dict[str, str]:
    """Return what an answer says of other origins."""
    return {
        name.removeprefix("access-control-"): value
        for name, value in answer.headers.items()
        if name.startswith("access-control-") or name == "vary"
    }


MINE = f"Cors:\n  Origins: [{SHOP}, 'https://*.shop.example:8443']\n"


@pytest.mark.parametrize("path", ["/a", "/none", "/healthz"])
def test_answers_of_every_kind_name_the_origin(path: str) -> None:
    vary = "Accept, Origin" if path == "/a" else "Origin"
    assert told(asked(MINE, "GET", path)) == {"allow-origin": SHOP, "vary": vary}
    assert told(asked(MINE, "GET", path, "https://evil.example")) == {"vary": vary}
    assert told(asked(MINE, "GET", path, "")) == {"vary": vary}
    assert told(asked("", "GET", path)) == ({"vary": "Accept"} if path == "/a" else {})


@pytest.mark.parametrize(
    ("origin", "admitted"),
    [
        ("https://a.shop.example:8443", True),
        ("https://A.b.Shop.example:8443", True),
        ("https://shop.example:8443", False),
        ("https://.shop.example:8443", False),
        ("http://a.shop.example:8443", False),
        ("https://evilshop.example:8443", False),
        ("https://shop.example.evil", False),
        ("null", False),
    ],
)
def test_origins_below_a_domain(origin: str, admitted: bool) -> None:
    assert told(asked(MINE, "GET", "/none", origin)).get("allow-origin") == (origin if admitted else None)


def test_preflight_of_a_route_of_none_and_of_a_wrong_method() -> None:
    wants = {"access_control_request_method": "POST", "access_control_request_headers": "x-mine"}
    answer = asked(MINE + "  MaxAge: 60\n  Credentials: true", "OPTIONS", "/a", **wants)
    assert answer.status == 204
    assert told(answer) == {
        "allow-origin": SHOP,
        "allow-methods": "GET, HEAD, POST",
        "allow-headers": "Content-Type, Authorization, X-CSRF-Token, AccessToken, Token, Range",
        "allow-credentials": "true",
        "max-age": "60",
        "vary": "Access-Control-Request-Method, Access-Control-Request-Headers, Origin",
    }
    none = asked(MINE, "OPTIONS", "/none", **wants)
    assert (none.status, told(none)["allow-origin"], told(none)["allow-methods"]) == (204, SHOP, "POST")
    refused = asked(MINE, "OPTIONS", "/a", "https://evil.example", **wants)
    assert (refused.status, set(told(refused))) == (204, {"vary"})


def test_headers_may_be_all_and_methods_named() -> None:
    settings = f"Cors:\n  Origins: [{SHOP}]\n  Headers: ['*']\n  Methods: [PUT]"
    wants = {"access_control_request_method": "PUT", "access_control_request_headers": "x-a, x-b"}
    found = told(asked(settings, "OPTIONS", "/a", **wants))
    assert (found["allow-headers"], found["allow-methods"]) == ("x-a, x-b", "PUT")
    hostile = told(asked(settings, "OPTIONS", "/a", **{**wants, "access_control_request_headers": 'x"\x80;'}))
    assert hostile["allow-headers"] == "*"


def test_everybody_may_read_what_has_a_star() -> None:
    assert told(asked("Cors:\n  Origins: ['*']", "GET", "/none")) == {"allow-origin": "*"}


def test_a_group_has_rules_of_its_own() -> None:
    settings = MINE + "Public:\n  Origins: ['*']\n"
    assert told(asked(settings, "GET", "/open/7", "https://any.example")) == {"allow-origin": "*", "vary": "Accept"}
    wants = {"access_control_request_method": "GET"}
    assert told(asked(settings, "OPTIONS", "/open/7", "https://any.example", **wants))["allow-origin"] == "*"
    wants = {"access_control_request_method": "DELETE"}
    assert told(asked(settings, "OPTIONS", "/open/7", "https://any.example", **wants))["allow-methods"] == "GET, HEAD"
    assert "allow-origin" not in told(asked(MINE, "GET", "/open/7")), "its block is empty, and not that of the service"


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("Origins: ['*']\n  Credentials: true", "Origins has `*` beside Credentials, which browsers refuse"),
        ("Origins: [shop.example]", "Origins has `shop.example`, which is no origin"),
        ("Origins: [https://shop.example/]", "Origins has `https://shop.example/`, which is no origin"),
        ("Credentials: true", "Origins is empty"),
        ("Origins: ['*']\n  Methods: [GE T]", "Methods has `GE T`"),
        ("Origins: ['*']\n  Headers: ['a: b']", "Headers has `a: b`"),
    ],
)
@pytest.mark.parametrize("name", ["Cors", "Public"])
def test_rules_that_no_browser_takes_keep_the_service_from_starting(name: str, block: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: ") as caught:
        asked(f"{name}:\n  {block}", "GET", "/a")
    assert said in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    conf = CorsConf(origins=["*", "x"], credentials=True, methods=["a b"])
    config: Any = _Conf(name="a", port=1, cors=conf)
    with pytest.raises(ConfigError) as caught:
        App(config, ServiceBase(config), ROUTES)
    assert len(caught.value.problems) == 3
