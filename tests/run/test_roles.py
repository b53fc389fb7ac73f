"""`roles` of @server: who has none of them in its token gets 403, over a socket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.admin.service import AdminService, bearer, mallgen
from tests.goctl_tool import goctl, said

pytestmark = pytest.mark.slow

API = """syntax = "v1"

type Said {
	Text string `json:"text"`
}

@server (
	jwt:   Auth
	roles: "editor, audit:all"
)
service back_office {
	@handler Say
	get /say returns (Said)
}

@server (
	jwt: Auth
)
service back_office {
	@handler Hear
	get /hear returns (Said)
}
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminService]:
    folder = tmp_path_factory.mktemp("roles")
    (folder / "a.api").write_text(API, encoding="utf-8")
    ran = mallgen(folder, "api", "py", "-api", "a.api", "-dir", ".")
    assert ran.returncode == 0, ran.stderr
    for name in ("say", "hear"):
        path = folder / "back_office_api" / "logic" / f"{name}_logic.py"
        text = path.read_text(encoding="utf-8")
        stub = next(line for line in text.splitlines() if "NotImplementedError" in line)
        path.write_text(text.replace(stub, '        return Said(text="yes")'), encoding="utf-8")
    running = AdminService(folder, "back_office_api")
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("roles", [["editor"], ["x", "audit:all"], "editor", "x audit:all"])
def test_one_of_the_roles_lets_in(service: AdminService, roles: Any) -> None:
    assert service.ask("GET", "/say", token=bearer(roles=roles)).status == 200


@pytest.mark.parametrize(
    "claims",
    [
        *({"roles": wrong} for wrong in ([], ["edit"], "editors", {"editor": 1}, None, 7, [["editor"]])),
        *({}, {"roles": "editor,audit:all"}, {"role": "editor"}),
    ],
)
def test_no_role_is_a_problem_and_not_the_logic(service: AdminService, claims: dict[str, Any]) -> None:
    said = service.ask("GET", "/say", token=bearer(**claims))
    assert (said.status, said.json["code"]) == (403, "no_role")
    assert said.headers["content-type"] == "application/problem+json"
    assert service.ask("GET", "/hear", token=bearer(**claims)).status == 200


def test_no_token_is_asked_for_first(service: AdminService) -> None:
    assert service.ask("GET", "/say", token="").status == 401
    assert service.ask("HEAD", "/say", token=bearer()).status == 403


def test_goctl_pays_no_attention_to_roles(tmp_path: Path) -> None:
    plain = API.replace('"editor, audit:all"', "editor, auditor")
    for number, text in enumerate((API, plain)):
        path = tmp_path / f"{number}.api"
        path.write_text(text, encoding="utf-8")
        assert said(goctl(), path) == ""
