"""The examples of docs/tokens.md: a login whose token opens a route, and settings that a service takes."""

import asyncio
import sys
from pathlib import Path

import pytest

from mallgen_runtime import JwtConf, RestConf
from mallgen_runtime.process.conf import parse_config
from mallgen_runtime.testing import Client, bearer, made_up_secrets
from tests.run.example import blocks, project

CONTRACT = """type (
	LoginRequest {
		Name string `json:"name"`
	}
	LoginResponse {
		Token string `json:"token"`
	}
	MeResponse {
		Uid  int64  `json:"uid"`
		Name string `json:"name"`
	}
)

service logins-api {
	@handler Login
	post /login (LoginRequest) returns (LoginResponse)
}

@server (
	jwt: Auth
)
service logins-api {
	@handler Me
	get /me returns (MeResponse)
}
"""


def test_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    claims, me, login = blocks("tokens.md", "python")
    (tmp_path / "logins_api").mkdir()
    (tmp_path / "logins_api" / "claims.py").write_text(claims, encoding="utf-8")
    imports = "from mallgen_runtime import issue_token\nfrom logins_api.claims import Claims\n"
    with made_up_secrets():
        app = project(tmp_path, CONTRACT, {"login": login, "me": me}, imports).create_app()

    async def talk() -> None:
        async with Client(app) as client:
            token = (await client.post("/login", json={"name": "Zoë"})).json()["token"]
            mine = await client.get("/me", headers={"authorization": f"Bearer {token}"})
            assert mine.json() == {"uid": 7, "name": "Zoë"}
            unfit = await client.get("/me", headers=bearer(app.svc.config.auth, uid="seven"))
            assert (unfit.status, unfit.json()["detail"]) == (401, "the token has not the claims that are needed")

    asyncio.run(talk())
    for name in [name for name in sys.modules if name.partition(".")[0] == "logins_api"]:
        del sys.modules[name]


class Config(RestConf, kw_only=True):
    auth: JwtConf


@pytest.mark.parametrize("text", blocks("tokens.md", "yaml"))
def test_the_settings(text: str) -> None:
    if text.startswith("Signature:"):
        text += "Auth: {AccessSecret: '${AUTH_ACCESS_SECRET}'}\n"
    with made_up_secrets():
        made = parse_config(Config, f"Name: t\nPort: 1\n{text}", "t.yaml")
    assert made.auth.algorithms in (["HS256"], ["RS256", "ES256"])
