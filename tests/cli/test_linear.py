"""The time of every reader grows linearly: measured for n, 2n and 4n of its worst inputs."""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mallgen.diagnostics.machine import FORMATS
from mallgen.diagnostics.terminal import Reporter
from mallgen.lint import rules
from mallgen.lint.suppress import findings
from mallgen.loading.load import load_text
from mallgen.output import manifest
from mallgen.proto import imports
from mallgen.syntax.dialect import older
from mallgen.syntax.format import format_text
from mallgen.syntax.parse import reader
from mallgen.syntax.salvage import salvage
from mallgen.syntax.scan import scan
from mallgen.workspace import config
from tests.worst_inputs import API, LOCK, PROTO, TOML, Make

pytestmark = pytest.mark.slow

Read = Callable[[str], Any]
GROWTH = 9.0  # for four times the text: 4 is linear, 16 quadratic
FLOOR = 0.05  # seconds that noise of the clock may add


def seconds(read: Read, text: str) -> float:
    """Return the processor time of the quicker of two runs."""
    spent = []
    for _ in range(2):
        spent.append(once(read, text))
        if spent[0] > 1:
            break
    return min(spent)


def once(read: Read, text: str) -> float:
    """Return the processor time of a run."""
    gc.collect()
    started = time.process_time()
    read(text)
    return time.process_time() - started


def grows_evenly(read: Read, make: Make, size: int) -> None:
    """Fail where four times the text takes more than nine times as long; `size` is the length of the longest text.

    The longest text is read again only where its first run took too long: the quicker run decides.
    """
    piece = max(1, len(make(101)) - len(make(100)))
    count = max(4, size // piece // 4)
    gc.disable()
    gc.freeze()  # what other tests have left is not looked through before each run
    try:
        short, longest = seconds(read, make(count)), make(count * 4)
        most = GROWTH * short + FLOOR
        long = once(read, longest)
        if long > most:
            long = min(long, once(read, longest))
        assert long <= most, f"n, 2n, 4n took {short}, {seconds(read, make(count * 2))}, {long}"
    finally:
        gc.unfreeze()
        gc.enable()


def understand(text: str) -> None:
    loaded = load_text(text, "x.api")
    Reporter(loaded.sources, False).all(loaded.diagnostics)
    for form in FORMATS.values():
        form(loaded.diagnostics)


def lint(text: str) -> None:
    loaded = load_text(text, "x.api")
    if loaded.contract is not None:
        findings(loaded.contract, loaded.diagnostics, loaded.sources, tuple(rules().values()))


def edit(text: str) -> None:
    scanned = scan(text, "x.api")
    read = reader(scanned)
    for statement in scanned.statements:
        salvage(scanned, statement, read)


def read_lock(text: str) -> None:
    try:
        manifest.parse(text)
    except manifest.BadLock:
        return


API_READERS: dict[str, Read] = {
    "understand": understand,
    "dialect": lambda text: older(text, "x.api"),
    "format": lambda text: format_text(text, "x.api"),
    "lint": lint,
    "edit": edit,
}
QUICK = {
    ("dialect", "quotes and backslashes"),
    ("dialect", "open comments, spaced"),
    ("dialect", "service"),
    ("dialect", "settings of routes"),
    ("format", "comments behind a word"),
    ("lint", "suppressions"),
    ("understand", "quotes and backslashes"),
    ("understand", "settings that never end"),
}


@pytest.mark.parametrize(
    ("name", "worst"),
    [
        pytest.param(name, worst, marks=[] if (name, worst) in QUICK else [pytest.mark.slow])
        for name in API_READERS
        for worst in API
    ],
)
def test_contracts(name: str, worst: str) -> None:
    grows_evenly(API_READERS[name], API[worst], 30_000)


@pytest.mark.parametrize("worst", PROTO)
def test_protos(here: Path, worst: str) -> None:
    path = here / "x.proto"

    def read(text: str) -> None:
        path.write_text(text)
        imports.read(["x.proto"], ["."])

    grows_evenly(read, PROTO[worst], 60_000)


@pytest.mark.parametrize("worst", LOCK)
def test_locks(worst: str) -> None:
    grows_evenly(read_lock, LOCK[worst], 100_000)


@pytest.mark.parametrize("worst", TOML)
def test_workspaces(here: Path, worst: str) -> None:
    path = here / "mallgen.toml"

    def read(text: str) -> None:
        path.write_text(text)
        try:
            config.read("mallgen.toml")
        except config.BadWorkspace:
            return

    grows_evenly(read, TOML[worst], 20_000)
