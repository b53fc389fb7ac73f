"""Log lines of services in short, for reading along: the path first, then the status and the duration. Pure."""

import re
from typing import NamedTuple

_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*\t(?P<level>[a-z]+)\t(?P<rest>.*)", re.S)
_KNOWN = {"client", "code", "duration", "method", "path", "request_id", "route", "span", "status", "trace"}
_FAULT = re.compile(r"error\[|ended with exit code|does not (answer|stop)|port \d+ is taken")
GOOD, ODD, BAD = "good", "odd", "bad"


class Shown(NamedTuple):
    """A shortened line, and its mood for the colour: `good`, `odd`, `bad`, or empty."""

    text: str
    mood: str = ""


def shown(line: str) -> Shown | None:
    """Return a plain log line in short, None for a good answer to /healthz (mallgen asks).

    A line of another form is unchanged; one about a service that ends or cannot run is `bad`.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        return Shown(line, BAD if _FAULT.match(line) else "")
    message, *cells = match["rest"].split("\t")
    fields = dict(cell.split("=", 1) for cell in cells if "=" in cell)
    tail = [f"request_id={fields['request_id']}"] if "request_id" in fields else []
    if message.startswith("[HTTP]") and {"method", "path", "status"} <= fields.keys():
        status = fields["status"]
        if fields["path"] == "/healthz" and status == "200":
            return None
        words = [fields["method"], fields["path"], status, fields.get("duration", "")]
        mood = BAD if status >= "500" else ODD if status >= "400" else GOOD
    elif message.startswith("[RPC]") and "method" in fields:
        words = [fields["method"], fields.get("code", ""), fields.get("duration", "")]
        mood = GOOD if fields.get("code") == "OK" else BAD if match["level"] == "error" else ODD
    else:
        words = [message, *(cell for cell in cells if cell.partition("=")[0] not in _KNOWN)]
        mood = BAD if match["level"] in ("error", "severe") else ODD if match["level"] == "warn" else ""
    extra = [cell for cell in cells if cell.partition("=")[0] == "error"] if words[0] != message else []
    return Shown(" ".join(filter(None, [*words, *extra, *(tail if mood == BAD else [])])), mood)
