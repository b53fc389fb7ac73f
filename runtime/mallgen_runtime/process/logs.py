"""Log lines as JSON objects with go-zero's names, or plain. Each is one line, whatever a client has sent."""

import contextlib
import functools
import io
import json
import logging
import os
import sys
import time
from collections.abc import Mapping

import msgspec

from mallgen_runtime.process.conf import LogConf
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.logwriter import Writer
from mallgen_runtime.process.origin import origin

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "severe": logging.CRITICAL,
}
_ENCODER = msgspec.json.Encoder(enc_hook=str)
STATISTICS = "mallgen.stat"
_SLOW = "[SQL] slowcall"
_ACCESS = logging.getLogger("mallgen.access")
Fields = Mapping[str, object]


class JsonFormatter(logging.Formatter):
    """One JSON object per line: @timestamp, level, content, caller, trace, request_id and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        fields = _fields(record)
        if record.exc_info:
            fields["stack"] = self.formatException(record.exc_info)
        caller = f"{record.module}:{record.lineno}"
        return self.line(record.created, record.levelno, record.getMessage(), caller, fields)

    def line(self, created: float, level: int, content: str, caller: str, fields: Fields) -> str:
        """The line of what happened at `created`, seconds of the epoch."""
        head = {"@timestamp": timestamp(created), "level": _name(level), "content": content, "caller": caller}
        try:
            line = _ENCODER.encode({**head, **fields}).decode()
        except UnicodeEncodeError:  # a lone surrogate
            line = json.dumps({**head, **fields}, default=str)
        return line if line.isprintable() else "".join(map(_json_char, line))


class PlainFormatter(logging.Formatter):
    """Time, level, text and fields, separated by tabs, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = self.line(record.created, record.levelno, record.getMessage(), "", _fields(record))
        if not record.exc_info:
            return line
        stack = self.formatException(record.exc_info).split("\n")
        return "\n".join([line, *(f"  {_one_line(found)}" for found in stack)])

    def line(self, created: float, level: int, content: str, _caller: str, fields: Fields) -> str:
        """The line of what happened at `created`, seconds of the epoch; people do not need the caller."""
        extra = "\t".join(f"{_one_line(name)}={_one_line(str(value))}" for name, value in fields.items() if value != "")
        return "\t".join(filter(None, (timestamp(created), _name(level), _one_line(content), extra)))


class Stdout(logging.Handler):
    """The handler that `set_up` installs. A thread writes to files and pipes; other streams are written at once."""

    def __init__(self, form: JsonFormatter | PlainFormatter) -> None:
        super().__init__()
        self.form = form
        self.setFormatter(form)
        self._stream = sys.stdout
        self._writer: Writer | None = None
        with contextlib.suppress(AttributeError, ValueError, io.UnsupportedOperation):
            self._stream.flush()
            self._writer = Writer(self._stream.fileno(), self._dropped)

    def put(self, level: int, content: str, caller: str, fields: Fields) -> None:
        """Write a line without a record."""
        self._write(self.form.line(time.time(), level, content, caller, fields), file_of(level, "", content))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line."""
        try:
            name = file_of(record.levelno, record.name, str(record.msg))
            self._write(self.format(record), name)
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Log that a record could not be formatted: logging would write a traceback to stderr and might block."""
        if self._writer is None:
            return super().handleError(record)
        problem = sys.exception()
        text = f"a log line could not be made: {type(problem).__name__}: {problem}"
        self.put(logging.ERROR, text, f"{record.module}:{record.lineno}", {"line": str(record.msg)})

    def flush(self) -> None:
        """Wait until everything is written, a second at most."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()
        super().close()

    def _write(self, line: str, name: str) -> None:
        """Write a line; `name` is the file for it, where the log goes to files."""
        if self._writer is not None:
            return self._writer.put(f"{line}\n".encode("utf-8", "backslashreplace"))
        if self._stream is not None:
            self.acquire()
            try:
                self._stream.write(f"{line}\n")
                self._stream.flush()
            finally:
                self.release()

    def _dropped(self, count: int) -> bytes:
        text = f"{count} log lines were dropped: nobody read the log in time"
        return f"{self.form.line(time.time(), logging.ERROR, text, 'logs', {})}\n".encode()


class FileLog(Stdout):
    """The handler of a log in files."""

    def __init__(self, form: JsonFormatter | PlainFormatter, conf: LogConf, service: str) -> None:
        """Raises ConfigError when the files cannot be written."""
        from mallgen_runtime.process.logfiles import LogFiles  # not on Windows, which has no flock

        self._files = LogFiles(conf, service, self._dropped)  # first: logging closes every handler that was made
        super().__init__(form)

    def flush(self) -> None:
        """Files are written at once."""

    def close(self) -> None:
        """Close the files."""
        self._files.close()
        super().close()

    def _write(self, line: str, name: str) -> None:
        """Write a line to its file, to stdout while that cannot be opened or renamed: whoever logs must not fail."""
        try:
            self._files.put(name, f"{line}\n".encode("utf-8", "backslashreplace"))
        except OSError:
            super()._write(line, name)


def file_of(level: int, logger: str, content: str) -> str:
    """Return the file that go-zero would write a line to."""
    if logger == STATISTICS:
        return "stat"
    if level >= logging.CRITICAL:
        return "severe"
    if level >= logging.ERROR:
        return "error"
    return "slow" if content.startswith(_SLOW) else "access"


def access(level: int, content: str, caller: str, fields: Fields) -> None:
    """Log the line of a request, under the logger `mallgen.access`.

    A record costs more than the line: it is made only when another handler than that of `set_up` would see it.
    """
    if not _ACCESS.isEnabledFor(level):
        return
    only = _only_handler()
    if only is not None:
        with contextlib.suppress(OSError, ValueError):  # logging's own way below says what is wrong with stdout
            return only.put(level, content, caller, fields)
    if _ACCESS.hasHandlers():  # without any, Python prints what is an error on stderr, into the output of tests
        _ACCESS.log(level, "%s", content, extra={"fields": fields})


def _only_handler() -> Stdout | None:
    handlers = logging.getLogger().handlers
    if len(handlers) != 1 or not _ACCESS.propagate or _ACCESS.handlers or _ACCESS.filters:
        return None
    only = handlers[0]
    return only if isinstance(only, Stdout) and not only.filters else None


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """Return the ids of the current request and the record's own fields."""
    here = origin.get()
    ids = {"request_id": here.request_id, "trace": here.trace_id, "route": here.route}
    found = {name: getattr(record, name, "") or value for name, value in ids.items()}
    return {name: value for name, value in found.items() if value} | dict(getattr(record, "fields", {}))


def _name(level: int) -> str:
    """Return go-zero's word for a level; it has none for a warning."""
    if level >= logging.CRITICAL:
        return "severe"
    if level >= logging.WARNING:
        return "error" if level >= logging.ERROR else "warn"
    return "info" if level >= logging.INFO else "debug"


def _one_line(text: str) -> str:
    """Escape what a client sent: it must not look like another line, nor move a terminal's cursor."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _json_char(char: str) -> str:
    return char if char.isprintable() else json.dumps(char)[1:-1]


def timestamp(seconds: float) -> str:
    """Return a time in RFC 3339 with milliseconds and the local offset, as go-zero writes it."""
    whole = int(seconds)
    second, offset = _second(whole)
    return f"{second}.{int((seconds - whole) * 1000):03}{offset}"


@functools.lru_cache(maxsize=2)
def _second(seconds: int) -> tuple[str, str]:
    here = time.localtime(seconds)
    offset = time.strftime("%z", here)
    return time.strftime("%Y-%m-%dT%H:%M:%S", here), f"{offset[:3]}:{offset[3:]}"


def set_up(conf: LogConf, service: str = "") -> None:
    """Send every logger's lines to stdout or files, as JSON or plain; MALLGEN_LOG sends them to stdout in its form.

    Raises ConfigError.
    """
    encoding = os.environ.get("MALLGEN_LOG") or conf.encoding
    if encoding not in ("json", "plain"):
        raise ConfigError(f"the environment variable MALLGEN_LOG is {encoding!r}; write json or plain, or unset it")
    root = logging.getLogger()
    for handler in root.handlers:
        if isinstance(handler, Stdout):
            handler.close()
    form = PlainFormatter() if encoding == "plain" else JsonFormatter()
    in_files = conf.mode != "console" and not os.environ.get("MALLGEN_LOG")
    root.handlers[:] = [FileLog(form, conf, service) if in_files else Stdout(form)]
    root.setLevel(_LEVELS[conf.level])
