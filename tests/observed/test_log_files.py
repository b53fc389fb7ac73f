"""go-zero's settings of the log: files, their rotation, levels, and the ids and the route on each line."""

import asyncio
import gzip
import json
import logging
import multiprocessing
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime.process import logs
from mallgen_runtime.process.conf import LogConf
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.logfiles import LogFiles, RotatedFile
from mallgen_runtime.process.statistics import Statistics
from tests.observed.running import running
from tests.parts import wait_for

LINE = b"x" * 1023 + b"\n"


def _told(count: int) -> bytes:
    return b"dropped\n"


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """Keep the handlers that pytest has."""
    monkeypatch.delenv("MALLGEN_LOG", raising=False)
    found = logging.getLogger()
    kept, level = found.handlers[:], found.level
    yield found
    found.handlers[0].close()
    found.handlers[:] = kept
    found.setLevel(level)


def test_lines_go_to_the_files_of_go_zero(tmp_path: Path, root: logging.Logger) -> None:
    logs.set_up(LogConf(mode="file", path=str(tmp_path / "logs")), "a")
    log = logging.getLogger("mallgen.service")
    for level in (logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        log.log(level, "here")
    logging.getLogger("mallgen.sql").warning("[SQL] slowcall - %s", "SELECT ?")
    logging.getLogger("mallgen.stat").info("CPU")
    logs.access(logging.ERROR, "[HTTP] 500", "http", {})
    found = {
        path.stem: [json.loads(line)["level"] for line in path.read_text().splitlines()]
        for path in (tmp_path / "logs").iterdir()
    }
    assert found == {
        "access": ["info", "warn"],
        "error": ["error", "error"],
        "severe": ["severe"],
        "slow": ["warn"],
        "stat": ["info"],
    }


def test_a_volume_has_a_folder_for_each_host(tmp_path: Path, root: logging.Logger) -> None:
    logs.set_up(LogConf(mode="volume", path=str(tmp_path)), "shop")
    assert (tmp_path / "shop" / socket.gethostname() / "access.log").exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"Log\.Path: .*Not a directory"):
        LogFiles(LogConf(mode="file", path=str(tmp_path / "file" / "logs")), "a", _told)


def test_by_size_old_files_are_packed_and_deleted(tmp_path: Path) -> None:
    conf = LogConf(mode="file", rotation="size", max_size=1, max_backups=2, compress=True)
    file = RotatedFile(tmp_path / "access.log", conf, _told)
    for _ in range(4 * 1024 + 1):
        file.put(LINE)
    file.close()
    assert (tmp_path / "access.log").stat().st_size == 1024
    wait_for(lambda: len(list(tmp_path.glob("*.gz"))) == 2 == len(list(tmp_path.glob("access-*"))), "two are left")
    assert all(len(gzip.decompress(path.read_bytes())) == 1 << 20 for path in tmp_path.glob("*.gz"))


def test_a_day_begins_a_file_and_the_oldest_go(tmp_path: Path) -> None:
    path, old = tmp_path / "access.log", tmp_path / "access.log-2020-01-01"
    for name, days in ((path, 1), (old, 8)):
        name.write_bytes(LINE)
        os.utime(name, (time.time() - days * 86_400,) * 2)
    file = RotatedFile(path, LogConf(mode="file", keep_days=7), _told)
    file.put(b"today\n")
    file.close()
    assert path.read_bytes() == b"today\n"
    wait_for(lambda: not old.exists(), "what is older than seven days is deleted")
    (kept,) = tmp_path.glob("access.log-*")
    assert kept.name == "access.log-" + time.strftime("%Y-%m-%d", time.localtime(time.time() - 86_400))


def _fill(path: Path, count: int) -> None:
    file = RotatedFile(path, LogConf(mode="file", rotation="size", max_size=1), _told)
    for _ in range(count):
        file.put(LINE)
    file.close()


@pytest.mark.slow
def test_two_processes_lose_no_line(tmp_path: Path) -> None:
    spawning = multiprocessing.get_context("spawn")
    workers = [spawning.Process(target=_fill, args=(tmp_path / "access.log", 3000)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 2 * 3000 * len(LINE)


def test_logrotate_may_move_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = RotatedFile(tmp_path / "access.log", LogConf(mode="file"), _told)
    file.put(b"one\n")
    (tmp_path / "access.log").rename(tmp_path / "access.log.1")
    later = time.time() + 2
    monkeypatch.setattr(time, "time", lambda: later)
    file.put(b"two\n")
    file.close()
    assert (tmp_path / "access.log").read_bytes() == b"two\n"


def test_statistics_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    async def run(wanted: bool) -> None:
        made = Statistics(wanted, every=0.01)
        made.start()
        await asyncio.sleep(0.1)
        made.stop()

    with caplog.at_level("INFO", "mallgen.stat"):
        asyncio.run(run(False))
        assert not caplog.records
        asyncio.run(run(True))
    assert caplog.messages[0].startswith("CPU: ") and "Mi, NumGC=" in caplog.messages[0]


@pytest.mark.parametrize("form", [pytest.param("json", marks=pytest.mark.slow), "plain"])
def test_each_line_of_a_request_has_its_id_and_its_route(tmp_path: Path, form: str) -> None:
    settings = "Name: a\nHost: 127.0.0.1\nPort: {port}\nDevServer: {{Host: 127.0.0.1, Port: {admin}}}\n"
    with running(
        tmp_path, "bff", f"{settings}Log: {{{{Encoding: {form}}}}}\nDemoRpc: {{{{Endpoints: ['a:1']}}}}\n"
    ) as bff:
        bff.get("/items/1", x_request_id="r1")
        wait_for(lambda: "[HTTP]" in bff.lines(), "the request's line")
        lines = [line for line in bff.lines().splitlines() if "listens" not in line and "stopping" not in line]
    assert len(lines) == 3
    for line in lines:
        fields: dict[str, Any] = json.loads(line) if form == "json" else dict(_cells(line))
        assert (fields["request_id"], fields["route"]) == ("r1", "/items/:id")


def _cells(line: str) -> Iterator[list[str]]:
    yield from (cell.split("=", 1) for cell in line.split("\t") if "=" in cell)


def test_a_closed_log_leaves_the_files_of_others_alone(tmp_path: Path) -> None:
    """The number of a closed file soon is that of another one, which a second close or a late line would hit."""
    file = RotatedFile(tmp_path / "access.log", LogConf(mode="file"), _told)
    file.put(b"one\n")
    file.close()
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    file.put(b"late\n")
    file.close()
    os.write(other, b"mine")
    assert os.pread(other, 99, 0) == b"mine"
    os.close(other)


def test_only_own_old_files_are_deleted(tmp_path: Path) -> None:
    """The folder may have files of others whose names begin alike, as where Path is the service's own folder."""
    others = ["access.py", "access_control.sqlite", "access.log.conf", "access-2020.txt"]
    own = ["access.log-2020-01-01", "access.log-2020-01-02.gz", "access.log-2020-01-02.1"]
    for name in others + own:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1, 1))
    file = RotatedFile(tmp_path / "access.log", LogConf(mode="file", keep_days=3), _told)
    file.put(LINE)
    day = 86_400
    os.utime(tmp_path / "access.log", (time.time() - day, time.time() - day))
    file.close()
    file = RotatedFile(tmp_path / "access.log", LogConf(mode="file", keep_days=3), _told)
    file.put(LINE)
    wait_for(lambda: not any((tmp_path / name).exists() for name in own), "the old ones are deleted")
    file.close()
    assert [name for name in others if not (tmp_path / name).exists()] == []


def test_who_logs_does_not_fail_with_the_files(
    tmp_path: Path, root: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    """A file that cannot be opened, as without a free descriptor or in a folder that was deleted."""
    logs.set_up(LogConf(mode="file", path=str(tmp_path / "logs")), "a")
    (tmp_path / "logs").rename(tmp_path / "gone")
    logging.getLogger("mallgen.service").error("still told")
    logs.access(logging.ERROR, "told too", "http", {})
    root.handlers[0].close()
    told = capfd.readouterr().out + "".join(path.read_text() for path in (tmp_path / "gone").iterdir())
    assert "still told" in told and "told too" in told


def test_a_log_without_its_folder_leaves_nothing_to_close(tmp_path: Path) -> None:
    """Python closes all handlers when it ends: one that was made by half would print a traceback."""
    (tmp_path / "file").touch()
    kept: Any = vars(logging)["_handlerList"]
    with pytest.raises(ConfigError, match=r"Log\.Path") as found:
        logs.FileLog(logs.JsonFormatter(), LogConf(mode="file", path=str(tmp_path / "file" / "logs")), "a")
    assert found.tb is not None, "it holds what was made"
    logging.shutdown([one for one in kept if isinstance(one(), logs.FileLog)])
