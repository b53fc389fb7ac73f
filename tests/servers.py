"""Real database servers for tests, each in a folder and on a port of its own: MariaDB, PostgreSQL and Redis.

The fixtures `mariadb_server`, `postgres_server` and `redis_server` start one each for a whole session; a test takes an
empty database of it by `database()`. Tests that kill a server start their own.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from tests.parts import Process, alone, program, wait_for
from tests.ports import free_port

ServerT = TypeVar("ServerT", bound="Server")
USER, PASSWORD = "shop", "p@ss:w/rd%"  # as awkward as people's own
_NUMBERS = count(1)
# The default of MySQL 8: https://dev.mysql.com/doc/refman/8.0/en/sql-mode.html
SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION"
)


class Server(Process):
    """A server on 127.0.0.1:`port`."""

    def __init__(self, folder: Path, command: list[str], port: int) -> None:
        super().__init__(command, folder / "log")
        self.folder = folder
        self.port = port

    def start(self) -> None:
        """Start the server, also after it was killed, and wait until it serves."""
        self.launch()
        wait_for(self.serves, f"{Path(self.command[0]).name} serves", 60)

    def serves(self) -> bool:
        """Return whether the server takes connections. Raises AssertionError when it has ended."""
        assert self.running, f"{self.command} has ended: {self.log.read_text(errors='replace')[-2000:]}"
        return self._answers()

    def _answers(self) -> bool:
        raise NotImplementedError


class SqlServer(Server):
    """A server of databases; `scheme` begins their URLs."""

    scheme = ""

    def database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"t{os.getpid()}_{next(_NUMBERS)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the URL of a database."""
        return f"{self.scheme}://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{name}"

    def run(self, sql: str, database: str = "") -> str:
        """Run statements with the server's own client; return the rows, columns apart by tabs."""
        words, env = self._client(database)
        ran = subprocess.run(words, input=sql, env={**os.environ, **env}, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def _client(self, database: str) -> tuple[list[str], dict[str, str]]:
        raise NotImplementedError


class MariaDb(SqlServer):
    """A MariaDB with the sql_mode that MySQL 8 has by default."""

    scheme = "mysql"

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = folder / "socket"
        data, port = folder / "data", free_port()
        as_mysql = ["--user=mysql"] if os.getuid() == 0 else []
        server, install = program("mariadbd", "mariadb-server"), program("mariadb-install-db", "mariadb-server")
        owned_by("mysql", folder)
        if not data.exists():
            words = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
            _run([*words, "--skip-test-db", f"--tmpdir={folder}", *as_mysql])
        init = folder / "init.sql"
        init.write_text(
            f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
        )
        own = [f"--datadir={data}", f"--socket={self.socket}", f"--port={port}", "--bind-address=127.0.0.1"]
        own += [
            f"--init-file={init}",
            f"--tmpdir={folder}",
            f"--sql-mode={SQL_MODE}",
            f"--pid-file={folder / 'pid'}",
            *as_mysql,
        ]
        own += ["--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=2", "--character-set-server=utf8mb4"]
        super().__init__(folder, [server, "--no-defaults", *own, *options], port)

    def _answers(self) -> bool:
        words, env = self._client("")
        return (
            subprocess.run([*words, "-e", "SELECT 1"], env={**os.environ, **env}, capture_output=True).returncode == 0
        )

    def _client(self, database: str) -> tuple[list[str], dict[str, str]]:
        words = [program("mariadb", "mariadb-client"), "--no-defaults", "-h127.0.0.1", f"-P{self.port}", f"-u{USER}"]
        return [*words, "-N", "-B", "--default-character-set=utf8mb4", *filter(None, [database])], {
            "MYSQL_PWD": PASSWORD
        }


class Postgres(SqlServer):
    """A PostgreSQL, which never runs as root."""

    scheme = "postgresql"

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = folder
        data, port = folder / "data", free_port()
        self._bin = _postgres_bin()
        owned_by("postgres", folder)
        if not data.exists():
            secret = folder / "secret"
            secret.write_text(PASSWORD)
            secret.chmod(0o644)
            words = [f"{self._bin}/initdb", "-D", str(data), "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}"]
            _run([*_as("postgres"), *words, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
        own = ["-D", str(data), "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1", "-F"]
        super().__init__(folder, [*_as("postgres"), f"{self._bin}/postgres", *own, *options], port)

    def start(self) -> None:
        """Start the server; after a kill its orphans must have ended before."""
        wait_for(lambda: not _postgres_orphans(self.folder / "data"), "the killed server's processes have ended", 30)
        super().start()

    def _answers(self) -> bool:
        words = [f"{self._bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(words, check=False).returncode == 0

    def _client(self, database: str) -> tuple[list[str], dict[str, str]]:
        words = [f"{self._bin}/psql", "-X", "-q", "-A", "-t", "-F\t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
        return [*words, "-p", str(self.port), "-U", USER, database or "postgres"], {"PGPASSWORD": PASSWORD}


class Redis(Server):
    """A Redis that keeps nothing on disk unless `options` say so."""

    def __init__(self, folder: Path, *options: str) -> None:
        port = free_port()
        own = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "no"]
        super().__init__(folder, [program("redis-server", "redis-server"), *own, *options], port)
        self.host = f"127.0.0.1:{port}"

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as peer:
                peer.sendall(b"PING\r\n")
                return peer.recv(64).startswith(b"+PONG")
        except OSError:
            return False


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Make a folder that the users of the servers can reach, unlike pytest's own, and delete it at the end."""
    made = Path(tempfile.mkdtemp(prefix="mallgen-server-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def mariadb(*options: str) -> Iterator[MariaDb]:
    """Start a MariaDB, and kill it at the end; `options` are added to its command line."""
    with folder() as place, _started(MariaDb(place, *options)) as server:
        yield server


@contextlib.contextmanager
def postgres(*options: str) -> Iterator[Postgres]:
    """Start a PostgreSQL, and kill it at the end; `options` are added to its command line."""
    with folder() as place, _started(Postgres(place, *options)) as server:
        yield server


@contextlib.contextmanager
def redis(*options: str) -> Iterator[Redis]:
    """Start a Redis, and kill it at the end; `options` are added to its command line."""
    with folder() as place, _started(Redis(place, *options)) as server:
        yield server


@contextlib.contextmanager
def _started(server: ServerT) -> Iterator[ServerT]:
    try:
        server.start()
        yield server
    finally:
        if isinstance(server, Postgres) and server.running:
            server.send(signal.SIGINT)  # killed, it would leave its processes behind
            with contextlib.suppress(AssertionError):
                wait_for(lambda: not server.running, "it stops", 5)
        server.kill()


def _postgres_bin() -> str:
    """Return the folder of the newest PostgreSQL, which Debian does not put on the path."""
    with alone():
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return str(found[-1].parent)
    return str(Path(os.path.realpath(program("postgres", "postgresql"))).parent)


def _postgres_orphans(data: Path) -> bool:
    """Return whether a process of a server that was killed still holds its shared memory."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return False
    for status in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if Path(os.readlink(status)) == data:
                return True
    return False


def _as(user: str) -> list[str]:
    """Return the words that run a command as another user, where we are root."""
    if os.getuid():
        return []
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--reset-env"]


def owned_by(user: str, place: Path) -> None:
    """Give a folder or file to the user that a server runs as, where we are root."""
    if os.getuid() == 0:
        shutil.chown(place, user, user)


def _run(words: list[str]) -> None:
    ran = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    assert ran.returncode == 0, f"{words[0]}: {ran.stdout}{ran.stderr}"
