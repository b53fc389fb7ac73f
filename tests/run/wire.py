"""Raw requests to the contract of tests/conformance/wire.api, and the answers that go-zero gave to them.

`python -m tests.run.wire` builds the server of tests/conformance/go_zero, sends every request of wire.jsonl to it and
writes its answers; a new line needs its case and its request only.
"""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import ROOT, mallgen
from tests.ports import free_port
from tests.run.service import Service

FOLDER = ROOT / "tests" / "conformance"
RECORDED, CONTRACT, SERVER = FOLDER / "wire.jsonl", FOLDER / "wire.api", FOLDER / "go_zero"
SECRET = "0123456789abcdef0123456789abcdef"
SETTINGS = f"MaxBytes: 4096\nTimeout: 1000\nAuth:\n  AccessSecret: {SECRET}"
_ASIDE = {"date", "server", "connection", "traceparent"}
_ALL = "return {0}(**{{name: getattr(req, name) for name in {0}.__struct_fields__}})"
_VALUES = """import datetime

        import msgspec
        from mallgen_runtime.http.compat.values import GivenDict

        when = datetime.datetime(2026, 11, 23, 8, 9, 10, 123456, datetime.timezone(datetime.timedelta(hours=8)))
        utc = datetime.datetime(2026, 11, 23, tzinfo=datetime.timezone.utc)
        found = {
            "nil_slice": None, "empty_slice": (), "nil_map": None, "empty_map": GivenDict(),
            "int_map": {-1: None, 10: {"id": 1}, 9: {"id": 2}}, "str_map": {"b": "2", "a": "1"},
            "int64": 9223372036854775807, "uint64": 18446744073709551615, "f1": 1.0, "f21": 1e21, "f20": 1e20,
            "fsmall": 1e-7, "fneg0": -0.0, "f01": 0.1, "f32": 0.1, "bytes": b"hi\\xff", "time_tz": when,
            "time_utc": utc, "time_zero": datetime.datetime(1, 1, 1, tzinfo=datetime.timezone.utc),
            "html": "<a href='x'>&</a>", "ctl": "\\t\\n\\r\\0\\x1f\\x7f\\b\\f\\"\\\\/", "uni": "é世😀\\u2028\\u2029",
            "bad": "a\\udcffb", "ptr_nil": None, "ptr_set": "set", "opt_tag": 0, "any": None, "quoted": "5",
        }
        if self.ctx.scope["query_string"] == b"nan=1":
            return {"x": float("nan")}
        if self.ctx.scope["query_string"] == b"nil=1":
            return None
        return msgspec.defstruct("Values", [(name, object) for name in found])(**found)"""
BODIES = {
    "query": _ALL.format("QueryRsp"),
    "form_get": _ALL.format("FormRsp"),
    "form_post": _ALL.format("FormRsp"),
    "head": _ALL.format("HeadRsp"),
    "dep": _ALL.format("DepRsp"),
    "both_get": _ALL.format("BothRsp"),
    "both_post": _ALL.format("BothRsp"),
    "embed": _ALL.format("EmbedRsp"),
    "opts_get": _ALL.format("OptsRsp"),
    "opts_patch": _ALL.format("OptsRsp"),
    "opts_delete": _ALL.format("OptsRsp"),
    "parts_fixed": _ALL.format("OptsRsp"),
    "parts": _ALL.format("PartsRsp"),
    "omit": _ALL.format("OmitRsp"),
    "plain": "raise ValueError('plain <boom> & \"q\"')",
    "panic": "raise RuntimeError",
    "slow": "import asyncio\n\n        await asyncio.sleep(3)\n        return Empty()",
    "json": _VALUES,
    "nothing": "return None",
    "secret": "return Empty()",
    "code": "from mallgen_runtime.process.errors import Code, RpcError\n\n        if req.code == 100:\n"
    "            raise ValueError('wrapped: rpc error: code = NotFound desc = boom')\n"
    "        raise RpcError(Code(req.code), 'boom')",
}


class RawAnswer(NamedTuple):
    """Status, headers without those that may differ, and body of a raw answer; status 0 without one."""

    status: int
    headers: frozenset[str]
    body: bytes


def recorded(path: Path = RECORDED) -> list[dict[str, Any]]:
    """Return the recorded cases."""
    return [found for line in path.read_text("utf-8").splitlines() if "case" in (found := json.loads(line))]


@contextmanager
def served(folder: Path, settings: str = SETTINGS) -> Iterator[Service]:
    """Run a service of the contract whose logic answers as the recorded server's."""
    assert mallgen("api", "py", "-api", str(CONTRACT), "-dir", str(folder)).code == 0
    for path in (folder / "facts_api" / "logic").rglob("*_logic.py"):
        body = BODIES.get(path.name.removesuffix("_logic.py"), "return req")
        before, after = re.split(r"raise NotImplementedError\(.*\)", path.read_text(encoding="utf-8"))
        path.write_text(f"{before}{body}{after}", encoding="utf-8")
    with Service(folder, "facts_api", settings) as service:
        yield service


def parsed(answer: bytes) -> RawAnswer:
    """Return a raw answer without what may differ; a reset after it is no part of it."""
    head, _, body = answer.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    if found is None:
        return RawAnswer(0, frozenset(), b"")
    rows = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    headers = frozenset(f"{name.lower()}: {value.strip()}" for name, _, value in rows if name.lower() not in _ASIDE)
    return RawAnswer(int(found.group(1)), headers, body.partition(b"<<")[0])


def send(port: int, data: bytes) -> bytes:
    """Send bytes, and return what comes back until the server closes the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(data)
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionError:
            return received
    return received


def record() -> int:
    """Write the answers of go-zero into wire.jsonl."""
    program = ROOT / "build" / "wire"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=SERVER, check=True)
    port = free_port()
    server = subprocess.Popen([str(program), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        rows = [{**case, "response": _masked(send(port, case["request"].encode("latin-1")))} for case in recorded()]
    finally:
        server.kill()
        server.wait()
    RECORDED.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    print(f"{len(rows)} answers")
    return 0


def _masked(answer: bytes) -> str:
    text = answer.decode("latin-1")
    return re.sub(r"\r\nTraceparent: [^\r]*", "\r\nTraceparent: T", re.sub(r"\r\nDate: [^\r]*", "\r\nDate: D", text))


if __name__ == "__main__":
    sys.exit(record())
