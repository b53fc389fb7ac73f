"""Log lines as JSON objects with go-zero's names, or plain."""

import logging
import os
import sys
import time

import msgspec

from mallgen_runtime.conf import LogConf

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "error": logging.ERROR, "severe": logging.CRITICAL}
_NAMES = {logging.WARNING: "alert", logging.CRITICAL: "severe"}
_ENCODER = msgspec.json.Encoder(enc_hook=str)


class JsonFormatter(logging.Formatter):
    """One JSON object per line: @timestamp, level, content, caller, trace, request_id and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, object] = {
            "@timestamp": timestamp(record.created),
            "level": _NAMES.get(record.levelno, record.levelname.lower()),
            "content": record.getMessage(),
            "caller": f"{record.module}:{record.lineno}",
        }
        for name in ("request_id", "trace"):
            if getattr(record, name, ""):
                line[name] = getattr(record, name)
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["stack"] = self.formatException(record.exc_info)
        return _ENCODER.encode(line).decode()


class PlainFormatter(logging.Formatter):
    """Time, level, text and fields, separated by tabs, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        extra = "\t".join(
            f"{name}={_one_line(str(value))}" for name, value in getattr(record, "fields", {}).items() if value != ""
        )
        level = _NAMES.get(record.levelno, record.levelname.lower())
        line = "\t".join(filter(None, (timestamp(record.created), level, _one_line(record.getMessage()), extra)))
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _one_line(text: str) -> str:
    """What a client sent must not look like a line of ours."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def timestamp(seconds: float) -> str:
    """RFC 3339 with milliseconds and the local offset, as go-zero writes it."""
    here = time.localtime(seconds)
    offset = time.strftime("%z", here)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', here)}.{int(seconds % 1 * 1000):03}{offset[:3]}:{offset[3:]}"


def set_up(conf: LogConf) -> None:
    """Send every logger's lines to stdout in the asked form; `MALLGEN_LOG=plain` is stronger than the settings."""
    handler = logging.StreamHandler(sys.stdout)
    encoding = os.environ.get("MALLGEN_LOG") or conf.encoding
    handler.setFormatter(PlainFormatter() if encoding == "plain" else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[conf.level])
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
