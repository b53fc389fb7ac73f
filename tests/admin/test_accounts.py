"""Accounts of an admin service as browsers and programs meet them, over a socket."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.admin.service import AdminService, Said, bearer, make

DDL = "CREATE TABLE `thing` (`id` bigint NOT NULL AUTO_INCREMENT, `name` varchar(20) NOT NULL, PRIMARY KEY (`id`));"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminService]:
    running = AdminService(make(tmp_path_factory.mktemp("accounts"), "back-office", DDL, "thing"), "back_office")
    running.start_with_ann()
    yield running
    running.stop()


def _cookie(said: Said) -> str:
    return said.headers["set-cookie"].partition(";")[0]


def _by_cookie(service: AdminService, cookie: str, method: str, path: str, body: Any = None, **more: str) -> Said:
    return service.ask(method, path, body, token="", cookie=cookie, **more)


def test_a_login_opens_a_session_for_a_browser(service: AdminService) -> None:
    said = service.login()
    assert said.status == 200
    line = said.headers["set-cookie"]
    assert line.startswith("back_office_session=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(line.split("; "))
    mine = _by_cookie(service, _cookie(said), "GET", "/v1/me").json
    assert mine == {name: said.json[name] for name in ("name", "roles", "csrf")}
    assert mine["roles"] == ["auditor", "editor"]


def test_a_change_by_cookie_needs_the_csrf_token(service: AdminService) -> None:
    said = service.login()
    cookie, csrf, body = _cookie(said), said.json["csrf"], {"name": "x"}
    assert _by_cookie(service, cookie, "POST", "/v1/thing", body).json["code"] == "bad_csrf"
    assert _by_cookie(service, cookie, "POST", "/v1/thing", body, X_CSRF_Token=csrf[:-1]).status == 403
    assert _by_cookie(service, cookie, "POST", "/v1/thing", body, X_CSRF_Token=csrf).status == 201
    for other in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "same-site"}):
        said = _by_cookie(service, cookie, "POST", "/v1/thing", body, X_CSRF_Token=csrf, **other)
        assert said.json["code"] == "other_origin"


def test_a_token_that_no_session_has_is_refused(service: AdminService) -> None:
    assert service.ask("GET", "/v1/me", token=bearer()).status == 401
    assert service.ask("GET", "/v1/me", token=bearer(sid="0" * 32)).status == 401
    assert service.ask("GET", "/v1/me").status == 200


def test_a_logout_ends_every_token_of_the_session(service: AdminService) -> None:
    said = service.login()
    assert service.ask("POST", "/v1/logout", token=said.json["accessToken"]).status == 200
    assert service.ask("GET", "/v1/me", token=said.json["accessToken"]).status == 401
    assert _by_cookie(service, _cookie(said), "GET", "/v1/me").status == 401
    assert service.ask("POST", "/v1/refresh", {"refreshToken": said.json["refreshToken"]}, token="").status == 401


def test_whatever_is_wrong_the_answer_is_the_same(service: AdminService) -> None:
    unknown, wrong = service.login("nobody"), service.login("ann", "wrong")
    assert unknown.status == wrong.status == 401
    assert unknown.json["detail"] == wrong.json["detail"]
