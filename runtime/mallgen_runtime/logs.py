"""Log lines as JSON objects with go-zero's names, or plain."""

import contextlib
import functools
import logging
import os
import sys
import time
from collections.abc import Mapping
from typing import TextIO

import msgspec

from mallgen_runtime.conf import LogConf

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "error": logging.ERROR, "severe": logging.CRITICAL}
_NAMES = {logging.WARNING: "alert", logging.CRITICAL: "severe"}
_ENCODER = msgspec.json.Encoder(enc_hook=str)
_ACCESS = logging.getLogger("mallgen.access")
Fields = Mapping[str, object]


class JsonFormatter(logging.Formatter):
    """One JSON object per line: @timestamp, level, content, caller, trace, request_id and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        fields = {name: getattr(record, name) for name in ("request_id", "trace") if getattr(record, name, "")}
        fields.update(getattr(record, "fields", {}))
        if record.exc_info:
            fields["stack"] = self.formatException(record.exc_info)
        caller = f"{record.module}:{record.lineno}"
        return self.line(record.created, record.levelno, record.getMessage(), caller, fields)

    def line(self, created: float, level: int, content: str, caller: str, fields: Fields) -> str:
        """The line of what happened at `created`, seconds of the epoch."""
        head = {"@timestamp": timestamp(created), "level": _name(level), "content": content, "caller": caller}
        return _ENCODER.encode({**head, **fields}).decode()


class PlainFormatter(logging.Formatter):
    """Time, level, text and fields, separated by tabs, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = self.line(record.created, record.levelno, record.getMessage(), "", getattr(record, "fields", {}))
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line

    def line(self, created: float, level: int, content: str, _caller: str, fields: Fields) -> str:
        """The line of what happened at `created`, seconds of the epoch; people do not need the caller."""
        extra = "\t".join(f"{name}={_one_line(str(value))}" for name, value in fields.items() if value != "")
        return "\t".join(filter(None, (timestamp(created), _name(level), _one_line(content), extra)))


class Stdout(logging.StreamHandler[TextIO]):
    """The handler of `set_up`."""

    def __init__(self, form: JsonFormatter | PlainFormatter) -> None:
        super().__init__(sys.stdout)
        self.form = form
        self.setFormatter(form)

    def put(self, level: int, content: str, caller: str, fields: Fields) -> None:
        """Write a line without a record."""
        line = self.form.line(time.time(), level, content, caller, fields)
        self.acquire()
        try:
            self.stream.write(f"{line}\n")
            self.stream.flush()
        finally:
            self.release()


def access(level: int, content: str, caller: str, fields: Fields) -> None:
    """The line of a request, under the logger `mallgen.access`.

    A record costs more than the line; none is made while nobody but `set_up`'s handler would see it.
    """
    if not _ACCESS.isEnabledFor(level):
        return
    only = _only_handler()
    if only is not None:
        with contextlib.suppress(OSError, ValueError):  # logging's own way below says what is wrong with stdout
            return only.put(level, content, caller, fields)
    _ACCESS.log(level, "%s", content, extra={"fields": fields})


def _only_handler() -> Stdout | None:
    handlers = logging.getLogger().handlers
    if len(handlers) != 1 or not _ACCESS.propagate or _ACCESS.handlers or _ACCESS.filters:
        return None
    only = handlers[0]
    return only if isinstance(only, Stdout) and not only.filters else None


def _name(level: int) -> str:
    return _NAMES.get(level) or logging.getLevelName(level).lower()


def _one_line(text: str) -> str:
    """What a client sent must not look like a line of ours."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def timestamp(seconds: float) -> str:
    """RFC 3339 with milliseconds and the local offset, as go-zero writes it."""
    whole = int(seconds)
    second, offset = _second(whole)
    return f"{second}.{int((seconds - whole) * 1000):03}{offset}"


@functools.lru_cache(maxsize=2)
def _second(seconds: int) -> tuple[str, str]:
    here = time.localtime(seconds)
    offset = time.strftime("%z", here)
    return time.strftime("%Y-%m-%dT%H:%M:%S", here), f"{offset[:3]}:{offset[3:]}"


def set_up(conf: LogConf) -> None:
    """Send every logger's lines to stdout in the asked form; `MALLGEN_LOG=plain` is stronger than the settings."""
    encoding = os.environ.get("MALLGEN_LOG") or conf.encoding
    root = logging.getLogger()
    root.handlers[:] = [Stdout(PlainFormatter() if encoding == "plain" else JsonFormatter())]
    root.setLevel(_LEVELS[conf.level])
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
