"""A contract made of traps: keywords as names, a diamond of imports, recursion, arrays, four sources in one struct."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CONTRACTS, mallgen
from tests.run.service import SECRET, Service
from tests.run.test_wide import token
from tests.runtime.test_jwt import signed

BODIES = {
    "self/none/mixed": (
        "from deep_api.schemas import EverythingSize, EverythingSizeUnit\n\n"
        "        return Everything(x=1, y=2, z=3, triple=[0.5, 1, 2],\n"
        "            free={'seen': self.ctx.state, 'note': req.nested},\n"
        "            size=EverythingSize(width=req.id, height=req.retry, unit=EverythingSizeUnit(name='cm')),\n"
        "            trees={req.shop: req.body}, counts={req.ps: 7}, flags={word: True for word in req.sort},\n"
        "            matrix=[[req.page, req.cursor], [req.ctx]], created=2**63 - 1,\n"
        "            note=req.tenant + req.json + req.left)"
    ),
    "self/none/import": "return [req, *req.match]",
    "self/none/slow": "import asyncio\n\n        await asyncio.sleep(3)\n        return req",
    "self/upload": "self.ctx.log.info('%d bytes', len(req.data))",
    "self": "return req",
    "id": "raise ApiError(409, 'conflict', self.ctx.params['rest'], headers={'X-Why': 'because'})",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deep")
    ran = mallgen("api", "py", "-api", str(CONTRACTS / "deep" / "deep.api"), "-dir", str(folder))
    assert ran.code == 0, ran.err
    return folder


@pytest.fixture(scope="module")
def deep(project: Path) -> Iterator[Service]:
    for name, body in BODIES.items():
        path = project / "deep_api" / "logic" / f"{name}_logic.py"
        text = re.sub(r"raise NotImplementedError\(.*\)", lambda _, b=body: b, path.read_text(encoding="utf-8"))  # type: ignore[misc]
        if "ApiError" in body:
            text = text.replace("import Context", "import ApiError, Context")
        path.write_text(text, encoding="utf-8")
    for name in ("class", "trace"):
        path = project / "deep_api" / "middleware" / f"{name}_middleware.py"
        mark = f"ctx.state[{name!r}] = len(ctx.state)\n        return await next_(ctx)"
        text = path.read_text(encoding="utf-8").replace("return await next_(ctx)", mark)
        text = text.replace("self.svc = svc\n", f"self.svc = svc\n        print('{name} is made', flush=True)\n")
        path.write_text(text, encoding="utf-8")
    blocks = f"Auth:\n  AccessSecret: {SECRET}\nTrans:\n  Secret: {SECRET}\n  PrevSecret: {'o' * 32}\n"
    with Service(project, "deep_api", blocks) as service:
        yield service


@pytest.mark.parametrize("tool", ["mypy --strict deep_api", "black --check -q .", "ruff check -q ."])
def test_what_is_generated_passes_unchanged(tmp_path: Path, tool: str) -> None:
    assert mallgen("api", "py", "-api", str(CONTRACTS / "deep" / "deep.api"), "-dir", str(tmp_path)).code == 0
    command = [sys.executable, "-m", *tool.split()]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


BODY: dict[str, Any] = {"json": "j", "ctx": 5, "body": {"None": "n", "self": {"None": "m", "match": []}}}
PATH = "/v2/shops/%E5%BA%97/items/7?query=q&ps=999&sort=price&sort=stock&left=l"


def put(deep: Service, path: str, body: Any, **headers: str) -> Any:
    import json

    sent = {"Content-Type": "application/json", "Authorization": token("o" * 32), "X-Tenant": "t", **headers}
    return deep.request("PUT", path, json.dumps(body).encode(), {k.replace("_", "-"): v for k, v in sent.items()})


def test_four_sources_in_one_struct(deep: Service) -> None:
    answer = put(deep, PATH, {**BODY, "nested": {"created": "7", "note": "x"}})
    assert answer.status == 200, answer.body
    assert answer.json() == {
        "matrix": [[1, 0], [5]],
        "triple": [0.5, 1, 2],
        "flags": {"price": True, "stock": True},
        "counts": {"20": 7},
        "trees": {
            "店": {
                "None": "n",
                "self": {"None": "m", "self": None, "match": [], "type": {}, "import": {}},
                "match": [],
                "type": {},
                "import": {},
            }
        },
        "lists": {},
        "free": {"seen": {"class": 0, "trace": 1}, "note": {"created": 7, "note": "x"}},
        "X": 1,
        "Y": 2,
        "Z": 3,
        "maybe": None,
        "bytes": "",
        "size": {"Width": 7, "Height": 3, "unit": {"name": "cm"}},
        "created": "9223372036854775807",
        "note": "tjl",
    }


def test_every_wrong_field_of_every_source(deep: Service) -> None:
    body = {"ctx": 100, "body": {"self": {"None": 5, "type": {"a": {"None": None}}}}, "nested": {"created": 7}}
    answer = put(deep, "/v2/shops/a/items/1001?page=x&sort=price&sort=y", body, X_Tenant="", X_Retry="10")
    assert answer.status == 400
    told = {(error["source"], error["name"]): error["reason"] for error in answer.json()["errors"]}
    assert told == {
        ("path", "id"): "must be from 1 to 1000",
        ("header", "X-Tenant"): "is required",
        ("header", "X-Retry"): "must be from 0 to 9",
        ("form", "page"): "must be a whole number",
        ("form", "sort[1]"): "must be one of price, stock",
        ("form", "query"): "is required",
        ("json", "json"): "is required",
        ("json", "ctx"): "must be more than 0 and less than 100",
        ("json", "body.None"): "is required",
        ("json", "body.self.None"): "must be a string",
        ("json", "body.self.type.a.None"): "must not be null",
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v2/import", b'{"None":"a","match":[{"None":"b"}],"import":{"k":[{"-5":{"None":"c"}}]}}', 200),
        ("POST", "/v2/import", b'{"None":"a","import":{"k":[{"five":{"None":"c"}}]}}', 400),
        ("POST", "/v2/import", b'{"None":"' + b"x" * 4096 + b'"}', 413),
        ("POST", "/upload", b'{"data":"' + b"x" * 4096 + b'"}', 200),
        ("POST", "/upload", b"{}", 400),
        ("POST", "/upload", b'{"data":"' + b"x" * 1_100_000 + b'"}', 413),
        ("GET", "/v2/slow", None, 503),
        ("GET", "/v2/import", None, 405),
        ("GET", "/v2", None, 404),
        ("GET", "/json", None, 501),
        ("GET", "/self", None, 200),
        ("PATCH", "/a/b/x", None, 409),
        ("PATCH", "/a//x", None, 404),
    ],
)
def test_every_status(deep: Service, method: str, path: str, body: bytes | None, status: int) -> None:
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
    assert deep.request(method, path, body, headers).status == status


@pytest.mark.parametrize(("path", "secret", "status"), [("/upload", "o" * 32, 401), ("/v2/import", "o" * 32, 400)])
def test_the_secret_before_holds_where_the_contract_says_so(deep: Service, path: str, secret: str, status: int) -> None:
    assert deep.post(path, {}, Authorization=token(secret)).status == status
    assert deep.post(path, {}).status == 401


def test_an_error_of_the_logic(deep: Service) -> None:
    answer = deep.request("PATCH", "/1/%E5%8D%8A/x")
    assert answer.headers["x-why"] == "because"
    assert (answer.json()["code"], answer.json()["detail"]) == ("conflict", "半")


def test_a_middleware_is_made_once(deep: Service) -> None:
    assert [deep.lines().count(f"{name} is made") for name in ("class", "trace")] == [1, 1]


def test_a_short_secret_is_told_once(project: Path) -> None:
    bearer = signed({"uid": 9}, secret="abc")
    blocks = f"Auth:\n  AccessSecret: abc\nTrans:\n  Secret: {SECRET}\n"
    with Service(project, "deep_api", blocks) as service:
        assert service.post("/upload", {"data": ""}, Authorization=bearer).status == 200
    assert service.lines().count("shorter than the 32 bytes") == 1
    assert "Warning" not in service.lines()
    assert "abc" not in service.lines()


def test_it_ends_with_zero(deep: Service) -> None:
    assert deep.stop() == 0
    assert "Traceback" not in deep.lines()
