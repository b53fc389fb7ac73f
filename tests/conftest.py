"""Helpers that all tests share: mallgen run in this process, and the corpus of public contracts."""

import contextlib
import io
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mallgen.cli.fast import main
from mallgen.diagnostics.pages import pages
from mallgen.python import render
from tests import exploring, parts, servers

exploring.choose_inputs()
render.strict = True  # in every test that generates in this process
ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "tests" / "contracts"
CORPUS = Path(os.environ.get("MALLGEN_CORPUS", ROOT.parent / "shared" / "corpus"))
collect_ignore_glob = ["golden/*", "compat/[0-9]*"]  # generated projects have tests of their own
STARTED = pytest.StashKey[float]()


class Ran(NamedTuple):
    """The exit code and the output of a finished command."""

    code: int
    out: str
    err: str


def mallgen(*words: str) -> Ran:
    """Run a mallgen command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    codes = set(re.findall(r"^(?:error|warning)\[([a-z0-9-]+)\]", err.getvalue(), re.M)) - {
        "usage",
        "internal",
        "environment",
    }
    assert codes <= pages().keys(), "a code without its page in mallgen/diagnostics/pages"
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """Give signals back their handlers: what a test leaves ignored or held, the processes of later tests inherit."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in numbers}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    for number, handler in handlers.items():
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change into an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of the corpus; skip with the reason where there is none."""
    if not (CORPUS / "VERDICTS.tsv").is_file():
        pytest.skip(f"no corpus at {CORPUS}; MALLGEN_CORPUS names another place")
    return CORPUS


def tree(root: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path, without caches and .mallgen."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in name.parts):
            found[name.as_posix()] = path.read_bytes()
    return found


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Change the working directory while the context lasts."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


BUDGET = 300.0


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remember when the run began."""
    session.config.stash[STARTED] = time.monotonic()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that took longer than the five minutes that `make test` promises."""
    took = time.monotonic() - session.config.stash[STARTED]
    if "not slow" in session.config.option.markexpr and took > BUDGET and not exitstatus:
        print(f"\nthe tests took {took:.0f} s, more than the {BUDGET:.0f} s that make test promises")
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests recorded as the property `figure`."""
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, value in getattr(report, "user_properties", ()):
            if name == "figure":
                terminalreporter.write_line(str(value))


@pytest.fixture(scope="session")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[parts.Etcd]:
    """Start an etcd shared by the tests that do not stop it; each of them uses keys of its own."""
    with parts.etcd(tmp_path_factory.mktemp("etcd")) as part:
        yield part


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[servers.MariaDb]:
    """Start a MariaDB shared by the tests that do not stop it; each of them takes a database of its own."""
    with servers.mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """Start a PostgreSQL shared by the tests that do not stop it; each of them takes a database of its own."""
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.Redis]:
    """Start a Redis shared by the tests that do not stop it; each of them has a prefix of its own."""
    with servers.redis() as server:
        yield server


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[Any]:
    """Start a Kafka shared by the tests that do not stop it; each of them has topics and groups of its own."""
    from tests.kafka_server import kafka

    # a machine that stands still for a while is no reason to take the broker for dead
    with kafka({"broker.session.timeout.ms": "18000"}) as server:
        yield server
