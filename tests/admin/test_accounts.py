"""Accounts of an admin service as browsers and programs meet them, over a socket."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mallgen_runtime.admin.names import account_name
from tests.admin.service import PASSWORD, AdminService, Said, bearer, make

DDL = "CREATE TABLE `thing` (`id` bigint NOT NULL AUTO_INCREMENT, `name` varchar(20) NOT NULL, PRIMARY KEY (`id`));"
MANY = "Accounts:\n  AddressAttempts: 1000\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminService]:
    folder = make(tmp_path_factory.mktemp("accounts"), "back-office", DDL, "thing")
    running = AdminService(folder, "back_office", MANY)
    running.start_with_ann()
    yield running
    running.stop()


def by_cookie(service: AdminService, cookie: str, method: str, path: str, body: Any = None, **more: str) -> Said:
    """Send a request as a browser with this cookie does."""
    return service.ask(method, path, body, token="", cookie=cookie, **more)


def trail(service: AdminService) -> list[tuple[Any, ...]]:
    """Return what happened to accounts: actor, action, name."""
    with closing(sqlite3.connect(next(service.folder.glob("data/*.db")))) as db:
        sql = "SELECT actor, action, row_key FROM admin_audit WHERE table_name = 'admin_account' ORDER BY id"
        return list(db.execute(sql))


def test_a_login_opens_a_session_for_a_browser(service: AdminService) -> None:
    said = service.login()
    assert said.status == 200
    for word in ("session", "device"):
        line = next(line for line in said.cookies if line.startswith(f"back_office_{word}="))
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(line.split("; "))
    mine = by_cookie(service, said.cookie("session"), "GET", "/v1/me").json
    assert mine == {name: said.json[name] for name in ("name", "roles", "csrf")}
    assert mine["roles"] == ["auditor", "editor"]
    assert trail(service)[-1] == ("ann", "login", "ann")


def test_a_change_by_cookie_needs_the_csrf_token(service: AdminService) -> None:
    said = service.login()
    cookie, csrf, body = said.cookie("session"), said.json["csrf"], {"name": "x"}
    other_csrf = service.login().json["csrf"]
    assert by_cookie(service, cookie, "POST", "/v1/thing", body).json["code"] == "bad_csrf"
    for wrong in (csrf[:-1], "", other_csrf, "ü"):
        said = by_cookie(service, cookie, "POST", "/v1/thing", body, X_CSRF_Token=wrong)
        assert (said.status, said.json["code"]) == (403, "bad_csrf")
    own = f"http://127.0.0.1:{service.port}"
    for fine in ({}, {"Origin": own}, {"Sec_Fetch_Site": "same-origin"}):
        assert by_cookie(service, cookie, "POST", "/v1/thing", body, X_CSRF_Token=csrf, **fine).status == 201
    for other in ("http://evil.example", "null", "http://127.0.0.1:1", own.replace("http", "data:http"), "http://["):
        said = by_cookie(service, cookie, "POST", "/v1/thing", body, X_CSRF_Token=csrf, Origin=other)
        assert (said.status, said.json["code"]) == (403, "other_origin")
    for site in ("same-site", "cross-site"):
        assert by_cookie(service, cookie, "POST", "/v1/logout", X_CSRF_Token=csrf, Sec_Fetch_Site=site).status == 403
    assert service.login(Origin="http://evil.example").status == 403


def test_a_token_that_no_session_has_is_refused(service: AdminService) -> None:
    for token in (bearer(), bearer(sid="0" * 32), bearer(sid="' OR 1=1 --"), bearer(sid=1), bearer(sid=None)):
        assert service.ask("GET", "/v1/me", token=token).status == 401
    assert service.ask("GET", "/v1/me").status == 200


def test_a_cookie_of_another_service_does_not_let_in(service: AdminService) -> None:
    _, _, value = service.login().cookie("session").partition("=")
    assert by_cookie(service, f"order_admin_session={value}", "GET", "/v1/me").status == 401
    assert by_cookie(service, f"back_office_session={bearer(sid='1' * 32)}", "GET", "/v1/me").status == 401
    device = service.login().cookie("device").partition("=")[2]
    assert by_cookie(service, f"back_office_session={device}", "GET", "/v1/me").status == 401


def test_a_proxy_s_own_password_does_not_hide_the_cookie(service: AdminService) -> None:
    said, basic = service.login(), "Basic YTpi"
    cookie, csrf = said.cookie("session"), said.json["csrf"]
    assert by_cookie(service, cookie, "GET", "/v1/me", Authorization=basic).status == 200
    assert by_cookie(service, cookie, "POST", "/v1/logout", Authorization=basic).json["code"] == "bad_csrf"
    assert by_cookie(service, cookie, "POST", "/v1/logout", Authorization=basic, X_CSRF_Token=csrf).status == 200
    assert service.ask("GET", "/v1/me", token="", Authorization=basic).status == 401


def test_a_logout_ends_every_token_of_the_session(service: AdminService) -> None:
    said = service.login()
    cookie = said.cookie("session")
    out = by_cookie(service, cookie, "POST", "/v1/logout", X_CSRF_Token=said.json["csrf"])
    assert out.status == 200
    assert "Max-Age=0" in out.cookies[0]
    assert service.ask("GET", "/v1/me", token=said.json["accessToken"]).status == 401
    assert by_cookie(service, cookie, "GET", "/v1/me").status == 401
    assert service.ask("POST", "/v1/refresh", {"refreshToken": said.json["refreshToken"]}, token="").status == 401
    assert trail(service)[-1] == ("ann", "logout", "ann")
    assert service.ask("GET", "/v1/me").status == 200, "other sessions go on"


def test_a_refresh_token_counts_once(service: AdminService) -> None:
    first = service.login().json
    second = service.ask("POST", "/v1/refresh", {"refreshToken": first["refreshToken"]}, token="")
    assert second.status == 200
    assert second.json["refreshToken"] != first["refreshToken"]
    assert service.ask("GET", "/v1/me", token=second.json["accessToken"]).status == 200
    again = service.ask("POST", "/v1/refresh", {"refreshToken": first["refreshToken"]}, token="")
    assert again.status == 401
    for token in (first["accessToken"], second.json["accessToken"]):
        assert service.ask("GET", "/v1/me", token=token).status == 401
    newest = {"refreshToken": second.json["refreshToken"]}
    assert service.ask("POST", "/v1/refresh", newest, token="").status == 401
    assert trail(service)[-1] == ("ann", "refresh-reuse", "ann")
    for wrong in ("", ".", "x" * 256, "\u0000.\u0000", "é" * 32 + ".x"):
        assert service.ask("POST", "/v1/refresh", {"refreshToken": wrong}, token="").status == 401


@pytest.mark.slow
def test_who_is_disabled_is_out_at_once(service: AdminService) -> None:
    assert service.manage("createuser", "eve").returncode == 0
    token = service.login("eve").json["accessToken"]
    assert service.ask("GET", "/v1/me", token=token).json["roles"] == []
    assert service.manage("disable", "EVE").returncode == 0
    assert service.ask("GET", "/v1/me", token=token).status == 401
    assert service.login("eve").status == 401
    assert service.manage("enable", "eve").returncode == 0
    assert service.ask("GET", "/v1/me", token=token).status == 401, "an old session stays over"
    assert service.login("eve").status == 200


def test_roles_decide_what_an_account_may(service: AdminService) -> None:
    service.add("reader")
    service.add("checker", "auditor")
    reader, checker = (service.login(name).json["accessToken"] for name in ("reader", "checker"))
    assert service.ask("GET", "/v1/thing", token=reader).status == 200
    assert service.ask("POST", "/v1/thing", {"name": "x"}, token=reader).json["code"] == "no_role"
    assert service.ask("GET", "/v1/admin-audit", token=reader).status == 403
    assert service.ask("POST", "/v1/thing", {"name": "x"}, token=checker).status == 403
    page = service.ask("GET", "/v1/admin-audit?actor=checker", token=checker)
    assert [(row["action"], row["row_key"]) for row in page.json["items"]] == [("login", "checker")]
    assert service.manage("roles", "checker", "--role", "editor").returncode == 0
    assert service.ask("GET", "/v1/admin-audit", token=checker).status == 401
    checker = service.login("checker").json["accessToken"]
    assert service.ask("GET", "/v1/admin-audit", token=checker).status == 403
    assert service.ask("POST", "/v1/thing", {"name": "x"}, token=checker).status == 201
    assert service.ask("DELETE", f"/v1/admin-audit/{page.json['items'][0]['id']}", token=checker).status == 405


def test_another_password_ends_the_sessions(service: AdminService) -> None:
    service.add("carl")
    token = service.login("carl").json["accessToken"]

    def change(old: str, new: str) -> Said:
        return service.ask("POST", "/v1/password", {"oldPassword": old, "newPassword": new}, token=token)

    assert change("wrong", "another password").json["code"] == "wrong_password"
    assert [change(PASSWORD, "short").json["code"] for _ in range(6)] == ["bad_password"] * 6, "no failed attempts"
    assert service.ask("GET", "/v1/me", token=token).status == 200
    assert change(PASSWORD, "another password").status == 200
    assert service.ask("GET", "/v1/me", token=token).status == 401
    assert service.login("carl").status == 401
    assert service.login("carl", "another password").status == 200
    assert ("carl", "password", "carl") in trail(service)


@pytest.mark.slow
def test_names_have_one_spelling(service: AdminService) -> None:
    assert service.manage("createuser", "JOSÉ").returncode == 0
    for name in ("josé", "jose\u0301", "Ｊｏｓé", " José "):
        assert service.login(name).json["name"] == "josé", name
    for name in ("jose", "jo\u0000sé"):
        assert service.login(name).status == 401, name
    assert "there is an account" in service.manage("createuser", "ｊosé").stderr
    made = service.manage("createuser", "\u202ejosé")
    assert (made.returncode, "can be no name" in made.stderr) == (1, True)


@pytest.mark.parametrize("text", ["", " ", "jo sé", "\u202ejosé", "josé\u200b", "\x07", "x" * 65, "ﬃ" * 60, "\ud800"])
def test_a_text_that_is_no_name_is_none(text: str) -> None:
    assert account_name(text) == ""


def test_a_password_that_is_too_long_is_never_hashed(service: AdminService) -> None:
    assert service.login(password="x" * 1025).status == 400
    assert service.login(password="x" * (2 << 20)).status == 413
    assert service.login(password="語" * 1024).status == 401
    assert "at most 1024 bytes" in service.manage("createuser", "long", given="x" * 1025).stderr
    assert "at least 10" in service.manage("createuser", "long", given="short\n").stderr


def test_whatever_is_wrong_the_answer_is_the_same(service: AdminService) -> None:
    said = [service.login("nobody"), service.login("ann", "wrong"), service.login("ann", "")]
    assert {one.status for one in said} == {401}
    assert len({one.json["detail"] for one in said}) == 1
    assert {tuple(sorted(one.headers.keys())) for one in said} == {tuple(sorted(said[0].headers.keys()))}
    assert trail(service)[-3:] == [("", "login-failed", ""), *[("", "login-failed", "ann")] * 2]


def test_every_answer_keeps_browsers_safe(service: AdminService) -> None:
    answers = [service.ask("GET", "/v1/thing"), service.ask("GET", "/v1/me", token=""), service.ask("GET", "/nowhere")]
    assert [one.status for one in answers] == [200, 401, 404]
    for one in answers:
        policy = one.headers["content-security-policy"]
        assert "unsafe-inline" not in policy
        assert {"default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
        assert one.headers["x-content-type-options"] == "nosniff"
    assert answers[0].headers["cache-control"] == "no-store"


def test_no_secret_reaches_the_log_or_the_trail(service: AdminService) -> None:
    said = service.login()
    service.login("ann", "a wrong password")
    service.login("my password in the wrong field", "x")
    with closing(sqlite3.connect(next(service.folder.glob("data/*.db")))) as db:
        told = repr(db.execute("SELECT * FROM admin_audit").fetchall())
        kept = repr(db.execute("SELECT * FROM admin_session").fetchall())
    told += service.log.read_text(encoding="utf-8")
    secrets = [PASSWORD, "a wrong password", "wrong field", said.json["accessToken"], said.json["refreshToken"]]
    secrets += [said.cookie("session").partition("=")[2], said.cookie("device").partition("=")[2], "$argon2"]
    assert not [secret for secret in secrets if secret in told]
    assert said.json["refreshToken"].partition(".")[2] not in kept
