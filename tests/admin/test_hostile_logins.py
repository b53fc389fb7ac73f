"""Hostile logins over a socket: many, from many addresses, at the same time, and those of strangers."""

import json
import os
import pty
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.admin.service import PASSWORD, AdminService, make
from tests.admin.test_accounts import DDL, by_cookie

pytestmark = pytest.mark.slow
STRICT = "TrustedProxies: [127.0.0.1]\nAccounts:\n  AddressAttempts: 8\n  LockTime: 8s\n  SecureCookie: true\n"
MANY = 10_000
MEMORY = 400 << 20  # bytes that the process may have: two hashes take 128 MiB


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminService]:
    folder = make(tmp_path_factory.mktemp("hostile"), "back-office", DDL, "thing")
    running = AdminService(folder, "back_office", STRICT)
    running.start_with_ann()
    yield running
    running.stop()


def _failures(service: AdminService) -> int:
    with closing(sqlite3.connect(next(service.folder.glob("data/*.db")))) as db:
        sql = "SELECT COUNT(*) FROM admin_audit WHERE action IN ('login-failed', 'lock-out')"
        return int(db.execute(sql).fetchone()[0])


def test_an_address_has_few_attempts(service: AdminService) -> None:
    said = [service.login("nobody", X_Forwarded_For="203.0.113.1") for _ in range(9)]
    assert [one.status for one in said] == [401] * 8 + [429]
    assert 0 < int(said[-1].headers["retry-after"]) <= 60
    assert service.login("nobody", X_Forwarded_For="203.0.113.2").status == 401


def test_over_tls_the_cookies_are_bound_to_the_host(service: AdminService) -> None:
    said = service.login()
    assert all(line.startswith("__Host-back_office_") for line in said.cookies)
    assert all("Secure" in line.split("; ") for line in said.cookies)
    assert by_cookie(service, said.cookie("session"), "GET", "/v1/me").status == 200
    plain = f"http://127.0.0.1:{service.port}"
    told = by_cookie(
        service, said.cookie("session"), "POST", "/v1/logout", X_CSRF_Token=said.json["csrf"], Origin=plain
    )
    assert told.json["code"] == "other_origin"


def test_a_stranger_locks_nobody_out(service: AdminService) -> None:
    known = service.login().cookie("device")
    for number in range(5):
        assert service.login("ann", "guess", X_Forwarded_For=f"198.51.100.{number}").status == 401
    assert service.login().status == 401, "locked, and the answer is that of a wrong password"
    assert service.login(cookie=known).status == 200, "the browser that was let in before"
    assert service.ask("GET", "/v1/me").status == 200, "sessions go on"
    time.sleep(8.5)
    assert service.login().status == 200, "the lock ends by itself"


def test_ten_thousand_wrong_logins_cost_little(service: AdminService) -> None:
    before = _failures(service)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        found = sum((one for one in pool.map(lambda _: _wrong(service, MANY // 8), range(8))), Counter[int]())
    assert set(found) == {401, 429}
    assert sum(found.values()) == MANY
    minutes = 1 + (time.monotonic() - began) // 60
    assert found[401] <= 8 * (minutes + 1)
    assert _failures(service) - before <= found[401]
    assert _memory(service) < MEMORY


def test_many_addresses_are_bounded_by_what_is_hashed(service: AdminService) -> None:
    known = service.login(X_Forwarded_For="192.0.2.200").cookie("device")
    before, peak, is_over = _failures(service), [0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.1):
            peak[0] = max(peak[0], _memory(service))

    watching = threading.Thread(target=watch)
    watching.start()
    began = time.monotonic()
    with ThreadPoolExecutor(64) as pool:
        found = sum(pool.map(lambda number: _wrong(service, MANY // 5 // 64, number), range(64)), Counter[int]())
    is_over.set()
    watching.join()
    assert set(found) <= {401, 429, 503}
    assert found[429] > 0
    assert peak[0] < MEMORY
    locks = 1 + (time.monotonic() - began) // 8
    assert _failures(service) - before <= 5 * (locks + 1) + 10 * (locks + 1), "of ann, and of names that are none"
    assert service.login(X_Forwarded_For="192.0.2.200", cookie=known).status == 200


def _wrong(service: AdminService, count: int, number: int = -1) -> Counter[int]:
    """Log in with a wrong password, each time from another address where there is a number."""
    connection = HTTPConnection("127.0.0.1", service.port, timeout=60)
    found: Counter[int] = Counter()
    for place in range(count):
        headers = {"content-type": "application/json"}
        if number >= 0:
            headers["x-forwarded-for"] = f"10.{number}.{place >> 8}.{place & 255}"
        name = "ann" if place % 2 else f"nobody-{place}"
        connection.request("POST", "/v1/login", json.dumps({"name": name, "password": "wrong"}), headers)
        answer = connection.getresponse()
        answer.read()
        found[answer.status] += 1
    connection.close()
    return found


def _memory(service: AdminService) -> int:
    """Return the bytes that the process has in memory."""
    status = Path(f"/proc/{service.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) << 10


def test_a_terminal_is_asked_twice_and_shows_nothing(service: AdminService) -> None:
    assert _typed(service, "mia", PASSWORD, PASSWORD + "x") == (1, "the two passwords differ")
    assert _typed(service, "mia", PASSWORD, PASSWORD) == (0, "mia: made, with no role")
    assert service.login("mia", X_Forwarded_For="192.0.2.7").status == 200


def test_an_interrupt_at_the_prompt_ends_the_command(service: AdminService) -> None:
    running, ours = at_terminal(service, "kim")
    while b": " not in os.read(ours, 1024):
        continue
    running.send_signal(signal.SIGINT)
    try:
        assert running.wait(10) == 130
    finally:
        running.kill()
        os.close(ours)
    assert service.login("kim", X_Forwarded_For="192.0.2.8").status == 401


def at_terminal(service: AdminService, name: str) -> "tuple[subprocess.Popen[bytes], int]":
    """Start `createuser` at a terminal; return the process and our end of it."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [*service.command, "createuser", name],
        cwd=service.folder,
        env={**os.environ, **service.env},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    return running, ours


def _typed(service: AdminService, name: str, *lines: str) -> tuple[int, str]:
    """Type lines into `createuser` at a terminal; return its exit code and its last line up to a colon behind it."""
    running, ours = at_terminal(service, name)
    shown = b""
    for number, line in enumerate(lines, 1):
        while shown.count(b": ") < number:
            shown += os.read(ours, 1024)
        os.write(ours, f"{line}\n".encode())
    code = running.wait(30)
    while True:
        try:
            piece = os.read(ours, 1024)
        except OSError:  # the other end is closed
            break
        shown += piece
    os.close(ours)
    text = shown.decode()
    assert not [line for line in lines if line in text]
    last = text.strip().splitlines()[-1]
    return code, last.partition("error[account] ")[2] or last.partition(": it")[0]


def test_commands_say_what_is_wrong(service: AdminService) -> None:
    gone = service.manage("disable", "nobody")
    assert (gone.returncode, gone.stderr) == (
        1,
        "error[account] there is no account `nobody`\n  = help: `createuser` makes one\n",
    )
    for name, line in (
        ("zoe", "zoe: made, with no role: it may read\n"),
        ("yan", "yan: made, with the roles auditor\n"),
    ):
        made = service.manage("createuser", name, *(["--role", "auditor"] if name == "yan" else []))
        assert (made.returncode, made.stdout) == (0, line)
    role = service.manage("createuser", "zoe", "--role", "king")
    assert role.stderr.splitlines()[-1] == "  = help: roles are auditor, editor"
    assert service.manage("createuser").returncode == 2
    shown = service.manage("--help").stdout
    assert "python -m back_office createuser|passwd|roles|disable|enable NAME" in shown
    missing = service.manage("createuser", "zoe", "-f", "nowhere.yaml")
    assert (missing.returncode, missing.stderr.startswith("error[config] nowhere.yaml")) == (3, True)
