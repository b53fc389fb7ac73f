"""Requests to a generated service, compared with the recorded raw answers of go-zero 1.10.2.

Statuses agree, and so do the values of successful answers, except for the exact list below.
"""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.conftest import ROOT, mallgen
from tests.run.service import Service

HEAD, *CASES = map(json.loads, (ROOT / "tests" / "conformance" / "http_wire.jsonl").read_text("utf-8").splitlines())
SECRET = HEAD["config"]["Auth.AccessSecret"]
DIVERGENCES = {
    "OPTIONS": (204, "the methods of the path; go-zero has no route for it"),
    "HEAD": (200, "what GET answers, without its body; go-zero has no route for it"),
    "body bad utf8": (400, "JSON is UTF-8 (RFC 8259); go-zero replaces what is not"),
    "body form-encoded": (415, "a form in the place of JSON is refused in words that say so; go-zero misses the field"),
    "body no content type": (200, "a body is read whatever its type is called; go-zero takes it for absent"),
    "body trailing": (400, "text behind the JSON value is a mistake that go-zero overlooks"),
    "plain error": (500, "an exception that is not an ApiError is our bug, not the client's, and is not shown"),
    "slow with Upgrade header": (503, "the time limit holds for every request"),
    "too large chunked": (
        413,
        "the limit counts what is read; go-zero trusts Content-Length and reads no chunked body",
    ),
}
BODIES = {
    "query": "return QueryRsp(uid=req.uid, ps=req.ps, page=req.page, kind=req.kind, size=req.size, flag=req.flag,\n"
    "            tags=req.tags, rate=req.rate)",
    "body": "return req",
    "plain": 'raise ValueError("plain")',
    "panic": "raise RuntimeError",
    "slow": "import asyncio\n\n        await asyncio.sleep(3)\n        return Empty()",
    "json": "return Empty()",
    "nothing": "return None",
    "secret": "return Empty()",
    "code": "return Empty()",
}


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("facts")
    (folder / "facts.api").write_text(HEAD["contract"], encoding="utf-8")
    assert mallgen("api", "py", "-api", str(folder / "facts.api"), "-dir", str(folder)).code == 0
    for name, body in BODIES.items():
        path = folder / "facts_api" / "logic" / f"{name}_logic.py"
        before, after = re.split(r"raise NotImplementedError\(.*\)", path.read_text(encoding="utf-8"))
        path.write_text(f"{before}{body}{after}", encoding="utf-8")
    settings = f"MaxBytes: 4096\nTimeout: 1000\nAuth:\n  AccessSecret: {SECRET}"
    with Service(folder, "facts_api", settings) as service:
        yield service


def is_about_http(case: dict[str, Any]) -> bool:
    """Return whether a case needs neither gRPC statuses nor JSON bodies, which the recorded contract does not cover."""
    return not case["case"].startswith(("code ", "wrapped ", "json"))


@pytest.mark.parametrize("case", [case for case in CASES if is_about_http(case)], ids=lambda case: case["case"])
def test_same_answer(facts: Service, case: dict[str, Any]) -> None:
    status, body = parsed(facts.raw(request(case)))
    theirs, their_body = parsed(case["response"].encode("latin-1"))
    if case["case"] in DIVERGENCES:
        assert (status, theirs) == (DIVERGENCES[case["case"]][0], theirs)
        assert status != theirs
        return
    assert status == theirs
    if status == 200 and their_body:
        assert json.loads(body) == {k: [] if v is None else v for k, v in json.loads(their_body).items()}


def request(case: dict[str, Any]) -> bytes:
    """Return the raw request, with a token of the recorded claims."""
    text: str = case["request"]
    claims = dict(case.get("jwt", {}))
    if claims.pop("alg", "") == "none":
        return text.replace("{{jwt}}", "eyJhbGciOiJub25lIn0.eyJ1aWQiOjV9.").encode("latin-1")
    if "exp" in claims:
        claims["exp"] = int(time.time()) + int(claims["exp"])
    text = text.replace("{{jwt}}", jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET)))
    return text.encode("latin-1")


def parsed(answer: bytes) -> tuple[int, bytes]:
    """Return status and body of a raw answer; status 0 when the connection was closed without one."""
    head, _, body = answer.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.1 (\d{3})", head)
    return int(found.group(1)) if found else 0, body


def test_every_divergence_is_a_case() -> None:
    assert set(DIVERGENCES) <= {case["case"] for case in CASES}


def test_the_recording_is_whole() -> None:
    assert len(CASES) >= 75
