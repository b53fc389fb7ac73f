"""A log that nobody reads delays no request and no stop; lost lines are counted, and no text breaks a line in two."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from mallgen_runtime.process import logwriter
from tests.conftest import ROOT
from tests.ports import free_port
from tests.run.service import SECRET

pytestmark = pytest.mark.slow

LONG = "/" + "x" * 8000
UNREAD = 64 << 10  # bytes that a pipe holds


class Unread(NamedTuple):
    """A service whose stdout and stderr go to one pipe."""

    process: "subprocess.Popen[bytes]"
    port: int

    def get(self, path: str) -> tuple[int, float]:
        """Return the status and the seconds of a GET request."""
        started = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, time.monotonic() - started


@pytest.fixture(params=["json", "plain"])
def unread(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Unread]:
    folder = tmp_path / "mall"
    shutil.copytree(ROOT / "generated" / "mall", folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    port = free_port()
    text = f"Name: mall-api\nHost: 127.0.0.1\nPort: {port}\nLog:\n  Encoding: {request.param}\nShutdown:\n"
    (folder / "etc" / "test.yaml").write_text(f"{text}  WrapUpTime: 50ms\n  WaitTime: 1s\n")
    command = [sys.executable, "-m", "mall_api", "-f", "etc/test.yaml"]
    environment = {**os.environ, "AUTH_ACCESS_SECRET": SECRET}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    found = Unread(process, port)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            found.get("/healthz")
            break
        except OSError:
            time.sleep(0.05)
    yield found
    process.kill()
    process.communicate()


def test_an_unread_log_holds_up_nothing(unread: Unread) -> None:
    count = (logwriter.QUEUE_BYTES + 4 * UNREAD) // len(LONG)
    taken = [unread.get(LONG) for _ in range(count)]
    assert {status for status, _ in taken} == {404}
    assert sorted(seconds for _, seconds in taken)[count * 99 // 100] < 0.1
    unread.process.send_signal(signal.SIGTERM)
    assert unread.process.wait(timeout=6) == 0


def test_what_was_lost_is_counted_when_the_log_is_read_again(unread: Unread) -> None:
    sent = (logwriter.QUEUE_BYTES + 4 * UNREAD) // len(LONG)
    for _ in range(sent):
        unread.get(LONG)
    unread.process.send_signal(signal.SIGTERM)
    text = unread.process.communicate(timeout=10)[0].decode()
    (told,) = [line for line in text.splitlines() if "log lines were dropped" in line]
    dropped = int(told.partition(" log lines were dropped")[0].split()[-1].rpartition('"')[2])
    written = sum(LONG in line for line in text.splitlines())
    assert dropped > 0
    assert written + dropped == sent


HOSTILE = ["\u2028", "\u2029", "\u0085", "\x1b[2J", "\x7f", "\x9b", "\u202e", "\r\n", "\x00", "\ud800"]
WRITES = """
import logging, sys
from mallgen_runtime.process import logs
from mallgen_runtime.process.conf import LogConf
logs.set_up(LogConf(encoding=sys.argv[1]))
text = sys.argv[2].encode().decode("unicode_escape")
logs.access(logging.INFO, text, "http", {"path": text})
log = logging.getLogger("mallgen.service")
log.error("%s", text, extra={"fields": {"a" + text: text}})
log.error("%d", text)
try:
    raise ValueError(text + "a line")
except ValueError:
    log.exception("failed")
"""


@pytest.mark.parametrize("form", ["json", "plain"])
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_text_breaks_a_line(form: str, text: str) -> None:
    """No text that a client sends starts a log line of its own or reaches the terminal as an escape sequence."""
    spelled = text.encode("unicode_escape").decode()
    run = subprocess.run([sys.executable, "-c", WRITES, form, spelled], capture_output=True, timeout=20, check=True)
    assert run.stderr == b""
    lines = run.stdout.decode().rstrip("\n").split("\n")
    assert [line for line in lines if not line.replace("\t", "").isprintable()] == []
    if form == "json":
        assert [json.loads(line)["level"] for line in lines] == ["info", "error", "error", "error"]
    else:
        whole = [line for line in lines if not line.startswith("  ")]
        assert [line.split("\t")[1] for line in whole] == ["info", "error", "error", "error"]


def test_a_writer_after_a_fork_writes() -> None:
    read, write = os.pipe()
    writer = logwriter.Writer(write, lambda count: b"")
    writer.put(b"parent\n")
    writer.flush()
    child = os.fork()
    if not child:
        writer.put(b"child\n")
        writer.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    os.close(write)
    assert os.read(read, 100) == b"parent\nchild\n"
    os.close(read)


def test_a_reader_that_has_gone_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    writer = logwriter.Writer(write, lambda count: b"")
    os.close(read)
    for _ in range(3):
        writer.put(b"a\n")
        writer.flush()
    assert capfd.readouterr().err == "mallgen: the log cannot be written: Broken pipe\n"
    os.close(write)


def test_a_full_disk_loses_lines_and_counts_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "log"
    fd = os.open(file, os.O_CREAT | os.O_WRONLY)
    writer = logwriter.Writer(fd, lambda count: b"%d lost\n" % count)

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("mallgen_runtime.process.logwriter.os.write", full)
        writer.put(b"a\n")
        writer.put(b"b\n")
    writer.put(b"c\n")
    os.close(fd)
    assert file.read_bytes() == b"2 lost\nc\n"


def test_a_writer_that_fails_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    writer = logwriter.Writer(write, lambda count: b"")
    monkeypatch.setattr("threading.excepthook", lambda found: None)
    with monkeypatch.context() as patched:
        patched.setattr(logwriter.Writer, "_written", lambda self, data: 1 // 0)
        writer.put(b"lost\n")
        writer.flush()
        time.sleep(0.1)
    writer.put(b"written\n")
    writer.flush()
    assert os.read(read, 100) == b"written\n"
    os.close(read)
    os.close(write)


def test_a_thread_writes_to_no_number_that_was_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that is a pipe nobody reads is closed while its thread writes: the number is soon another file's."""
    read, write = os.pipe()
    writer = logwriter.Writer(write, lambda count: b"", owns=True)
    monkeypatch.setattr(writer, "flush", lambda: None)
    writer.put(b"x" * 200_000)
    deadline = time.monotonic() + 5
    while writer._lines and time.monotonic() < deadline:
        time.sleep(0.01)
    writer.put(b"y" * 100_000)
    writer.close()
    writer.close()
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    found = b""
    while piece := os.read(read, 1 << 16):
        found += piece
    assert found == b"x" * 200_000 + b"y" * 100_000
    assert os.fstat(other).st_size == 0
    os.close(read)
    os.close(other)
