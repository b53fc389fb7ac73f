"""An admin service that `mallgen admin new` made, as a process of its own on SQLite."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

from mallgen_runtime.http.jwt import sign
from tests.parts import Process, wait_for
from tests.ports import free_port

SECRET = "0123456789abcdef0123456789abcdef"
PASSWORD = "correct horse battery"
ROOT = Path(__file__).parents[2]


class Said(NamedTuple):
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    def cookie(self, word: str) -> str:
        """Return the cookie of the answer that is for a purpose, as requests send it."""
        return next(line for line in self.cookies if f"_{word}=" in line).partition(";")[0]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def mallgen(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run mallgen in a folder."""
    command = [sys.executable, "-m", "mallgen", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def make(folder: Path, name: str, ddl: str, tables: str, *more: str) -> Path:
    """Make an admin service of tables and return its folder."""
    (folder / "tables.sql").write_text(ddl, encoding="utf-8")
    ran = mallgen(folder, "admin", "new", name, "-tables", tables, "-src", "tables.sql", *more)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / name


class AdminService(Process):
    """A running admin service."""

    def __init__(self, folder: Path, package: str, more: str = "") -> None:
        """Take the service in a folder; `more` are lines for its settings."""
        self.port = free_port()
        settings = next(folder.glob("etc/*.yaml"))
        text = re.sub(r"(?m)^Port: \d+$", f"Port: {self.port}", settings.read_text(encoding="utf-8"))
        # a password takes long on a busy machine
        settings.write_text(f"{text}\nTimeout: 30000\n{more}", encoding="utf-8")
        self.folder = folder
        super().__init__([sys.executable, "-m", package], folder / "log")
        paths = [str(folder), str(ROOT), str(ROOT / "runtime")]
        self.token = ""
        self.env = {"AUTH_ACCESS_SECRET": SECRET, "MALLGEN_DEV": "1", "PYTHONPATH": os.pathsep.join(paths)}

    def start(self) -> None:
        """Start the service and wait until it answers."""
        self.launch(cwd=self.folder, env={**os.environ, **self.env})
        wait_for(self._answers, "the service answers", 30)

    def manage(self, *words: str, given: str = PASSWORD + "\n") -> subprocess.CompletedProcess[str]:
        """Run a command about the accounts, with a password on standard input."""
        return subprocess.run(
            [*self.command, *words],
            cwd=self.folder,
            env={**os.environ, **self.env},
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start_with_ann(self) -> None:
        """Make the first account, start, and use its token from then on."""
        made = self.manage("createuser", "ann")
        assert made.returncode == 0, made.stderr
        self.start()
        self.token = self.login().json["accessToken"]

    def add(self, name: str, roles: str = "") -> None:
        """Make an account with the password of ann, without a process for it."""
        sql = "INSERT INTO admin_account (name, password_hash, roles)"
        sql += " SELECT ?, password_hash, ? FROM admin_account WHERE name = 'ann'"
        with closing(sqlite3.connect(next(self.folder.glob("data/*.db")))) as db, db:
            db.execute(sql, (name, roles))

    def login(self, name: str = "ann", password: str = PASSWORD, **more: str) -> Said:
        """Log in; `more` are headers."""
        return self.ask("POST", "/v1/login", {"name": name, "password": password}, token="", **more)

    def _answers(self) -> bool:
        assert self.running, self.log.read_text(errors="replace")[-3000:]
        try:
            return self.ask("GET", "/healthz", token="").status == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None, **more: str) -> Said:
        """Send a request, with the token of ann unless another one is given; `more` are headers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"content-type": "application/json"} if body is not None else {}
        if found := self.token if token is None else token:
            headers["authorization"] = f"Bearer {found}"
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            cookies = tuple(value for name, value in answer.getheaders() if name.lower() == "set-cookie")
            return Said(answer.status, named, answer.read(), cookies)
        finally:
            connection.close()


def bearer(**claims: Any) -> str:
    """Return a token of the service."""
    now = int(time.time())
    return sign({"iat": now, "exp": now + 600, "sub": "ann", **claims}, SECRET)
