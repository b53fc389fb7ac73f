"""A service with groups, jwt, middleware, embedded and nested types, maps and all four sources."""

import contextlib
import gzip
import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.conftest import CONTRACTS, mallgen
from tests.run.service import SECRET, Service

BODIES = {
    "user/admin/update_user": (
        "from wide_api.schemas import Address, UserNested\n\n"
        "        return User(id=req.id, name=req.name, age=7, tags=[req.token, req.trace, req.kind, req.note],\n"
        "            scores={'level': req.level, 'big': req.big, 'ids': sum(req.ids)}, friends=[], boss=None,\n"
        "            home=Address(city='x' if req.verbose else 'y', zip=req.owner.city if req.owner else None),\n"
        "            raw={'claims': self.ctx.claims, 'seen': self.ctx.state}, nested=UserNested(deep=1))"
    ),
    "user/admin/get": "raise RuntimeError('the password is 123456')",
    "login/login": "self.ctx.log.info('%s %s %s', req.account, req.password, req.class_)",
    "login/get": (
        "import msgspec\n\n"
        "        return User(id=1, name=msgspec.json.encode(req).decode(), age=1, tags=[], scores={}, created_at=5)"
    ),
    "login/ping": "import asyncio\n\n        await asyncio.sleep(5)",
    "login/svc": "return Empty()",
}


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("wide")
    assert mallgen("api", "py", "-api", str(CONTRACTS / "wide.api"), "-dir", str(folder)).code == 0
    for name, body in BODIES.items():
        path = folder / "wide_api" / "logic" / f"{name}_logic.py"
        before, after = re.split(r"raise NotImplementedError\(.*\)", path.read_text(encoding="utf-8"))
        path.write_text(f"{before}{body}{after}", encoding="utf-8")
    audit = folder / "wide_api" / "middleware" / "audit_middleware.py"
    marked = 'ctx.state["audit"] = type(self.svc).__name__\n        return await next_(ctx)'
    audit.write_text(audit.read_text(encoding="utf-8").replace("return await next_(ctx)", marked), encoding="utf-8")
    with Service(
        folder, "wide_api", f"Timeout: 1000\nAuth:\n  AccessSecret: {SECRET}\n  PrevSecret: {'o' * 32}"
    ) as service:
        yield service


def token(secret: str = SECRET, **claims: Any) -> str:
    return jwt.encode({"alg": "HS256"}, {"uid": 9, **claims}, OctKey.import_key(secret))


BODY: dict[str, Any] = {"name": "小明", "kind": "admin", "owner": {"city": "北京"}, "Big": "18446744073709551615"}


def update(wide: Service, body: object, path: str = "/v1/users/5?ids=1&ids=2", bearer: str = "", **headers: str) -> Any:
    sent = {"X_Token": "t", "Authorization": f"Bearer {bearer or token()}", **headers}
    return wide.post(path, body, **sent)


def test_all_four_sources_make_one_request(wide: Service) -> None:
    answer = update(wide, {**BODY, "note": "n"}, X_TRACE="tr")
    assert answer.status == 200, answer.body
    assert answer.json() == {
        "id": "5",
        "name": "小明",
        "age": 7,
        "tags": ["t", "tr", "admin", "n"],
        "scores": {"level": 1, "big": 18446744073709551615, "ids": 3},
        "friends": [],
        "boss": None,
        "home": {"city": "x", "zip": "北京"},
        "raw": {"claims": {"uid": 9}, "seen": {"audit": "ServiceContext"}},
        "blob": "",
        "nested": {"deep": 1},
    }


def test_a_wrong_request_names_every_field_of_every_source(wide: Service) -> None:
    body = {"kind": "root", "level": 4, "owner": {"city": 5}, "Big": 7}
    answer = update(wide, body, "/v1/users/0?ids=1&ids=x&verbose=perhaps", X_Token="")
    assert answer.status == 400
    told = {(error["source"], error["name"]): error["reason"] for error in answer.json()["errors"]}
    assert told == {
        ("path", "id"): "must be at least 1",
        ("header", "X-Token"): "is required",
        ("form", "ids[1]"): "must be a whole number",
        ("form", "verbose"): "must be true or false",
        ("json", "name"): "is required",
        ("json", "kind"): "must be one of admin, guest",
        ("json", "level"): "must be one of 1, 2, 3",
        ("json", "owner.city"): "must be a string",
    }
    assert "contract" not in answer.json()


@pytest.mark.parametrize(
    ("bearer", "status"),
    [
        ("", 200),
        ("nonsense", 401),
        (token("another secret of thirty-two bytes!"), 401),
        (token("o" * 32), 200),
        (token(exp=int(time.time()) - 1000), 401),
        (token(exp=int(time.time()) + 10_000), 200),
        (token(nbf=int(time.time()) + 10_000), 401),
        ("eyJhbGciOiJub25lIn0.eyJ1aWQiOjl9.", 401),
    ],
)
def test_tokens(wide: Service, bearer: str, status: int) -> None:
    answer = update(wide, BODY, bearer=bearer)
    assert answer.status == status
    assert (answer.headers.get("www-authenticate") == "Bearer") == (status == 401)


def test_without_a_token_there_is_a_401(wide: Service) -> None:
    assert wide.post("/v1/users/5", BODY).status == 401


def test_an_exception_tells_the_client_nothing_and_the_log_everything(wide: Service) -> None:
    answer = wide.get("/v1/users/5/friends", headers={"Authorization": token()})
    assert answer.status == 500
    assert b"123456" not in answer.body
    assert answer.json()["code"] == "internal"
    assert wide.line_with("the password is 123456")
    assert wide.line_with(answer.json()["request_id"])


def test_the_body_limit_counts_what_is_read(wide: Service) -> None:
    big = json.dumps({**BODY, "note": "x" * 2000}).encode()
    head = f"POST /v1/users/5 HTTP/1.1\r\nHost: x\r\nX-Token: t\r\nAuthorization: {token()}\r\nConnection: close\r\n"
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n{len(big):x}\r\n".encode() + big + b"\r\n0\r\n\r\n"
    assert wide.raw(chunked).startswith(b"HTTP/1.1 413 ")
    declared = f"{head}Content-Length: {len(big)}\r\n\r\n".encode() + big
    assert wide.raw(declared).startswith(b"HTTP/1.1 413 ")


def test_a_compressed_body_counts_as_what_it_becomes(wide: Service) -> None:
    headers = {"X-Token": "t", "Authorization": token(), "Content-Encoding": "gzip"}
    small, bomb = gzip.compress(json.dumps(BODY).encode()), gzip.compress(b" " * 100_000)
    assert wide.request("POST", "/v1/users/5", small, headers).status == 200
    assert wide.request("POST", "/v1/users/5", bomb, headers).status == 413
    assert wide.request("POST", "/v1/users/5", small[:-9], headers).status == 400
    assert wide.request("POST", "/v1/users/5", small, {**headers, "Content-Encoding": "br"}).status == 415


def test_a_head_has_a_limit(wide: Service) -> None:
    start = b"GET /v1/ping HTTP/1.1\r\nHost: x\r\n"
    with socket.create_connection(("127.0.0.1", wide.port), timeout=10) as connection:
        connection.sendall(start)
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 4_000_000:
                sent += connection.send(b"X: " + b"y" * 5000 + b"\r\n")
        assert sent < 4_000_000


def head(path: str = "/v1/ping", *lines: str, method: str = "GET") -> bytes:
    """The head of a request as bytes."""
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: x", *lines, "", "")).encode()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (head("/v1/" + "a" * 40_000, "Connection: close"), 414),
        (head("/v1/" + "a" * 80_000, "Connection: close"), 414),
        (head("/healthz", *(f"a{n}: 1" for n in range(3000))), 431),
        (head("/healthz", f"a: {'x' * 70_000}"), 431),
        (head("/healthz", *(f"a{n}: 1" for n in range(100)), "Connection: close"), 200),
    ],
)
def test_a_head_that_comes_at_once_has_the_same_limit(wide: Service, request_: bytes, status: int) -> None:
    assert wide.raw(request_).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize("lines", [("Content-Length: 10000000000",), ("Transfer-Encoding: chunked",)])
@pytest.mark.parametrize(("path", "status"), [("/v1/users/5", 413), ("/nowhere", 404)])
def test_a_body_that_nobody_reads_is_not_taken_for_ever(
    wide: Service, path: str, status: int, lines: tuple[str, ...]
) -> None:
    start = head(path, "X-Token: t", f"Authorization: {token()}", *lines, method="POST")
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", wide.port), timeout=10) as connection:
        connection.sendall(start)
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 50_000_000:
                sent += connection.send(piece)
        assert sent < 50_000_000
        assert connection.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_body_that_trickles_after_its_answer_ends_the_connection(wide: Service) -> None:
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", wide.port), timeout=10) as connection:
        connection.sendall(head("/nowhere", "Content-Length: 1000", method="POST"))
        with contextlib.suppress(OSError):
            while time.monotonic() - started < 8:
                connection.sendall(b"x")
                time.sleep(0.2)
    assert time.monotonic() - started < 6


def test_a_refused_request_may_be_followed_by_another(wide: Service) -> None:
    with socket.create_connection(("127.0.0.1", wide.port), timeout=10) as connection:
        connection.sendall(head("/nowhere", "Content-Length: 5", method="POST"))
        first = b""
        while b"}" not in first:  # head and body may come apart
            first += connection.recv(4096)
        assert first.startswith(b"HTTP/1.1 404 ")
        connection.sendall(b"abcde" + head("/healthz", "Connection: close"))
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are counted in /proc")
def test_clients_that_leave_leave_nothing_behind(wide: Service) -> None:
    def held() -> int:
        return len(list(Path(f"/proc/{wide.process.pid}/fd").iterdir()))

    begun = (head("/v1/ping"), head("/v1/ping", "Content-Length: 9", method="POST") + b"ab", b"GET /v1/pi")
    before = held()
    for _ in range(5):
        came = [socket.create_connection(("127.0.0.1", wide.port), timeout=5) for _ in range(60)]
        for number, connection in enumerate(came):
            connection.sendall(begun[number % 3])
        for connection in came:
            connection.close()
    deadline = time.monotonic() + 5
    while held() > before + 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert held() <= before + 5
    assert wide.get("/healthz").status == 200


def test_numbers_are_read_in_linear_time(wide: Service) -> None:
    started = time.monotonic()
    assert search(wide, f"q=x&page_no=1&size=2&price={'1' * 30_000}x").status == 400
    assert time.monotonic() - started < 1


def test_at_most_a_hundred_errors_are_told(wide: Service) -> None:
    answer = update(wide, BODY, f"/v1/users/5?{'&'.join(['ids=x'] * 1500)}")
    assert (answer.status, len(answer.json()["errors"])) == (400, 100)


def test_a_slow_logic_is_a_503(wide: Service) -> None:
    answer = wide.get("/v1/ping")
    assert (answer.status, answer.json()["code"]) == (503, "timeout")


def test_a_form_body_and_an_empty_answer(wide: Service) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = wide.request("POST", "/v1/login", b"account=a&password=%E5%AF%86&class=1+2", headers)
    assert (answer.status, answer.body) == (200, b"")
    assert wide.line_with("a 密 1 2")
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\nv\r\n' for n in ("account", "password"))
    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    assert wide.request("POST", "/v1/login", f"{parts}--b--\r\n".encode(), multipart).status == 200
    assert wide.request("POST", "/v1/login", b"account=%zz", headers).status == 400


def search(wide: Service, query: str) -> Any:
    return wide.get(f"/v1/search?{query}")


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("p=-5", "p", -5),
        ("", "p", None),
        ("p=", "p", None),
        ("u=18446744073709551615", "u", 18446744073709551615),
        ("day=%2B7", "day", 7),
        ("day=007", "day", 7),
        ("price=99.5", "price", 99.5),
        ("kinds=a&kinds=b", "kinds", ["a", "b"]),
        ("kinds[]=a", "kinds", ["a"]),
        ('filter={"a":"b"}', "filter", {"a": "b"}),
        ("day=1&day=2", "day", 1),
    ],
)
def test_what_a_query_means(wide: Service, query: str, field: str, value: object) -> None:
    answer = search(wide, f"q=x&page_no=1&size=2&{query}")
    assert answer.status == 200, answer.body
    assert json.loads(answer.json()["name"])[field] == value


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("p=1.5", "must be a whole number"),
        ("p=%205", "must be a whole number"),
        ("p=0x10", "must be a whole number"),
        ("p=1_0", "must be a whole number"),
        ("p=1e3", "must be a whole number"),
        ("day=128", "must be from -128 to 127"),
        ("u=18446744073709551616", "must be from 0 to 18446744073709551615"),
        ("u=-1", "must be from 0 to 18446744073709551615"),
        ("price=NaN", "must be a number"),
        ("price=100", "must be more than 0 and less than 100"),
        ("kinds=a&kinds=c", "must be one of a, b"),
        ("filter=[1]", "must be an object"),
    ],
)
def test_what_a_query_cannot_mean(wide: Service, query: str, reason: str) -> None:
    answer = search(wide, f"q=x&page_no=1&size=2&{query}")
    assert answer.status == 400
    assert [error["reason"] for error in answer.json()["errors"]] == [reason]


@pytest.mark.parametrize("query", ["q=%zz", "q=1;size=2", "&".join(f"a{n}=1" for n in range(3000))])
def test_a_query_that_cannot_be_read(wide: Service, query: str) -> None:
    assert search(wide, query).status == 400


@pytest.mark.parametrize("body", [b'{"name":', b"[1]", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"name":1e400}'])
def test_a_body_that_cannot_be_read(wide: Service, body: bytes) -> None:
    headers = {"X-Token": "t", "Authorization": token(), "Content-Type": "application/json"}
    status = wide.request("POST", "/v1/users/5", body[:1000], headers).status
    assert status == 400


def test_what_is_not_implemented_says_so(tmp_path: Path) -> None:
    assert mallgen("api", "py", "-api", str(CONTRACTS / "wide.api"), "-dir", str(tmp_path)).code == 0
    with Service(tmp_path, "wide_api") as service:
        answer = service.get("/v1/ping")
        assert (answer.status, answer.json()["detail"]) == (501, "GET /v1/ping is not implemented")
