"""The log line of a request: no LogRecord where only our handler sees it, a LogRecord for other handlers."""

import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mallgen_runtime.process import logs
from mallgen_runtime.process.conf import LogConf
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.testing import context

FIELDS = {"request_id": "r1", "path": "/v1/订单\n", "status": 200}
ACCESS = logging.getLogger("mallgen.access")


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    found = logging.getLogger()
    kept, level = found.handlers[:], found.level
    yield found
    found.handlers[:] = kept
    found.setLevel(level)


def stdout(monkeypatch: pytest.MonkeyPatch, form: str) -> io.StringIO:
    text = io.StringIO()
    monkeypatch.setattr("sys.stdout", text)
    monkeypatch.setenv("MALLGEN_LOG", "")
    logs.set_up(LogConf(encoding=form))
    return text


def test_one_object_per_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text = stdout(monkeypatch, "json")
    logs.access(logging.INFO, "[HTTP] 200", "http", FIELDS)
    line = json.loads(text.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", line.pop("@timestamp"))
    assert line == {"level": "info", "content": "[HTTP] 200", "caller": "http", **FIELDS}


def test_a_line_for_people_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text = stdout(monkeypatch, "plain")
    logs.access(logging.ERROR, "[HTTP] 500", "http", FIELDS)
    _, *rest = text.getvalue().rstrip("\n").split("\t")
    assert rest == ["error", "[HTTP] 500", "request_id=r1", "path=/v1/订单\\n", "status=200"]


def test_handlers_and_filters_of_others_see_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    text = stdout(monkeypatch, "json")
    seen: list[logging.LogRecord] = []
    theirs = logging.Handler()
    theirs.emit = seen.append  # type: ignore[assignment,method-assign]
    ACCESS.addHandler(theirs)
    try:
        logs.access(logging.INFO, "[HTTP] 200", "http", FIELDS)
    finally:
        ACCESS.removeHandler(theirs)
    assert [(record.getMessage(), record.__dict__["fields"]) for record in seen] == [("[HTTP] 200", FIELDS)]
    assert json.loads(text.getvalue())["path"] == FIELDS["path"]
    ACCESS.addFilter(hides := lambda record: False)
    try:
        logs.access(logging.INFO, "[HTTP] 200", "http", FIELDS)
    finally:
        ACCESS.removeFilter(hides)
    assert text.getvalue().count("\n") == 1


def test_levels_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    text = stdout(monkeypatch, "json")
    ACCESS.setLevel(logging.ERROR)
    try:
        logs.access(logging.INFO, "[HTTP] 200", "http", FIELDS)
    finally:
        ACCESS.setLevel(logging.NOTSET)
    assert text.getvalue() == ""


def test_a_closed_stdout_breaks_no_request(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stdout(monkeypatch, "json").close()
    logs.access(logging.INFO, "[HTTP] 200", "http", FIELDS)
    assert "closed file" in capsys.readouterr().err


def test_levels_are_go_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    text = stdout(monkeypatch, "json")
    logs.set_up(LogConf(level="debug"))
    log = logging.getLogger("mallgen.service")
    for level in (logging.DEBUG, logging.INFO, 25, logging.WARNING, 35, logging.ERROR, logging.CRITICAL):
        log.log(level, "here")
    found = [json.loads(line)["level"] for line in text.getvalue().splitlines()]
    assert found == ["debug", "info", "info", "warn", "warn", "error", "severe"]


def test_the_level_warn_is_between(monkeypatch: pytest.MonkeyPatch) -> None:
    text = stdout(monkeypatch, "json")
    logs.set_up(LogConf(level="warn"))
    log = logging.getLogger("mallgen.service")
    for level in (logging.INFO, logging.WARNING, logging.ERROR):
        log.log(level, "here")
    assert [json.loads(line)["level"] for line in text.getvalue().splitlines()] == ["warn", "error"]


@pytest.mark.parametrize("form", ["json", "plain"])
def test_every_line_of_a_request_has_its_ids(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    text = stdout(monkeypatch, form)
    made = context(headers={"x-request-id": "r-17"})
    made.log.info("from the context")
    token = origin.set(Origin("r-18", "t-18", None))
    logging.getLogger("somebody.else").info("from a module that has no context")
    origin.reset(token)
    logging.getLogger("somebody.else").info("outside of a request")
    first, second, third = text.getvalue().splitlines()
    assert "r-17" in first and made.trace_id in first
    assert "r-18" in second and "t-18" in second
    assert "request_id" not in third and "trace" not in third


def test_a_script_without_logging_prints_no_access_line() -> None:
    code = "from mallgen_runtime.process import logs; import logging; logs.access(logging.ERROR, '[RPC] X', 'rpc', {})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")
