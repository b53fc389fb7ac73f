"""The test client: another service context, forms, files, tokens, generated secrets."""

import asyncio
from typing import Any

import msgspec
import pytest

from mallgen_runtime import App, ConfigError, Context, JwtConf, Response, RestConf, Route, ServiceBase
from mallgen_runtime.process.conf import parse_config
from mallgen_runtime.testing import Answer, Client, bearer, made_up_secrets, token


class Config(RestConf, kw_only=True):
    auth: JwtConf


class Svc(ServiceBase[Config]):
    name = "real"


class Fake(Svc):
    name = "fake"


def answer(value: object) -> Response:
    return Response(msgspec.json.encode(value))


async def show_me(ctx: Context, svc: Svc) -> Response:
    return answer({"svc": svc.name, "claims": ctx.claims})


async def sent(ctx: Context, svc: Svc) -> Response:
    raw = await ctx.raw_body()
    form = await ctx.read_form()
    return answer({"name": form.first("name"), "body": raw.decode("latin-1")})


TEXT = "Name: t\nPort: 1\nAuth: {AccessSecret: '${T_ACCESS_SECRET}'}\n"


def app() -> App[Svc]:
    with made_up_secrets():
        config = parse_config(Config, TEXT, "t.yaml")
    return App(config, Svc(config), [Route("GET", "/me", show_me, jwt="auth"), Route("POST", "/form", sent)])


def test_secrets_are_made_up_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("T_ACCESS_SECRET", raising=False)
    first, second = app().svc.config.auth, app().svc.config.auth
    assert first.access_secret == second.access_secret
    assert len(first.access_secret) >= 32
    with pytest.raises(ConfigError, match="T_ACCESS_SECRET"):
        parse_config(Config, TEXT, "t.yaml")
    monkeypatch.setenv("T_ACCESS_SECRET", "given" * 8)
    assert app().svc.config.auth.access_secret == "given" * 8


def ask(made: App[Svc], headers: dict[str, str], svc: Svc | None = None) -> Answer:
    async def talk() -> Answer:
        async with Client(made, svc=svc) as client:
            assert client.svc is (svc or made.svc)
            return await client.get("/me", headers=headers)

    return asyncio.run(talk())


def test_a_token_opens_a_route() -> None:
    made = app()
    auth = made.svc.config.auth
    found = ask(made, bearer(auth, uid=7))
    assert (found.status, found.json()["svc"], found.json()["claims"]["uid"]) == (200, "real", 7)
    assert ask(made, {}).status == 401
    assert ask(made, {"authorization": f"Bearer {token(auth, exp=1)}"}).status == 401
    other = JwtConf(access_secret="x" * 32)
    assert ask(made, bearer(other, uid=7)).status == 401


def test_another_service_context_takes_the_place() -> None:
    made = app()
    found = ask(made, bearer(made.svc.config.auth), Fake(made.svc.config))
    assert found.json()["svc"] == "fake"
    assert ask(made, bearer(made.svc.config.auth)).json()["svc"] == "real"


def post(**body: Any) -> Answer:
    async def talk() -> Answer:
        async with Client(app()) as client:
            return await client.post("/form", **body)

    return asyncio.run(talk())


def test_a_form_and_files_arrive_as_a_browser_sends_them() -> None:
    assert post(data={"name": "Zoë & co"}).json() == {"name": "Zoë & co", "body": "name=Zo%C3%AB+%26+co"}
    found = post(data={"name": "Zoë"}, files={"image": ('a"b.png', b"\x89PNG\r\n--", "image/png"), "raw": b"1"})
    assert found.json()["name"] == "Zoë"
    body = found.json()["body"]
    assert 'name="image"; filename="a%22b.png"\r\ncontent-type: image/png\r\n\r\n\x89PNG\r\n--\r\n' in body
    assert 'name="raw"; filename="raw"\r\ncontent-type: application/octet-stream\r\n\r\n1\r\n' in body
    assert post(files={"image": ("a.png", b"1")}, data={"name": "x"}).json()["name"] == "x"


def test_a_request_has_one_body() -> None:
    with pytest.raises(ValueError, match="one body"):
        post(json={"a": 1}, data=b"1")
    with pytest.raises(ValueError, match="by name"):
        post(data=b"1", files={"a": b"1"})
