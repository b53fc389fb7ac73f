"""Any contract is refused with a span, or becomes a package that can be imported and answers every request."""

import asyncio
import importlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from joserfc import jwt
from joserfc.jwk import OctKey

from mallgen.emit.http.files import HttpOptions, emit
from mallgen.loading.load import load_text
from mallgen.output.files import File
from mallgen_runtime.testing import Answer, Client
from tests.random_contracts import contracts
from tests.run.service import SECRET

BODIES: tuple[Any, ...] = (
    {},
    [],
    7,
    {"id": None, "a0": [[1]], "class0": {"x": 2**70}, "名字1": "\ud7ff\u0000", "deep": -1, "nested": {"deep": "x"}},
)
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"a0": "1e400", "class1": "x" * 999, "名字0": "[1,{", "None2": "-1", "$ref1": "18446744073709551616"},
)


def generated(text: str) -> tuple[File, ...]:
    """Return the files of a contract, none when it is refused; every diagnostic must have a span and a message."""
    loaded = load_text(text, "x.api")
    made = emit(loaded.contract, HttpOptions()) if loaded.contract else None
    found = [*loaded.diagnostics, *(made.diagnostics if made else ())]
    errors = [problem for problem in found if problem.severity == "error"]
    assert all(problem.span is not None and problem.message for problem in found)
    assert bool(errors) == (made is None or not made.files), errors
    return made.files if made else ()


def write(files: tuple[File, ...], folder: Path) -> str:
    """Write the files below a folder and return the package's name."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
    return next(file.path for file in files if file.path.endswith("/routes.py")).split("/")[0]


@contextmanager
def imported(files: tuple[File, ...], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import the package's `app` module, and forget it afterwards."""
    with tempfile.TemporaryDirectory() as name, monkeypatch.context() as patch:
        package = write(files, Path(name))
        settings = (Path(name) / "etc" / f"{service_of(files)}.yaml").read_text(encoding="utf-8")
        for variable in re.findall(r"\$\{(\w+)\}", settings):
            patch.setenv(variable, SECRET)
        patch.syspath_prepend(name)
        patch.setattr(sys, "dont_write_bytecode", True)
        before = set(sys.modules)
        try:
            yield importlib.import_module(f"{package}.app")
        finally:
            for module in set(sys.modules) - before:
                if module.split(".")[0] == package:
                    del sys.modules[module]


def service_of(files: tuple[File, ...]) -> str:
    """Return the service's name: `mall-api` where the files have `etc/mall-api.yaml`."""
    path = next(file.path for file in files if file.path.startswith("etc/"))
    return os.path.basename(path).removesuffix(".yaml")


async def answers(app: Any) -> list[tuple[str, Answer]]:
    """Return the answer of every route to every body and query."""
    token = jwt.encode({"alg": "HS256"}, {"uid": 1}, OctKey.import_key(SECRET))
    routes = importlib.import_module(f"{type(app.svc).__module__.split('.')[0]}.routes").ROUTES
    found = []
    async with Client(app) as client:
        for route in routes:
            path = re.sub(r":\w+", "7", route.path)
            for body in BODIES:
                for query in QUERIES:
                    headers = {"authorization": token, "a0": "x"}
                    answer = await client.request(route.method, path, params=query, json=body, headers=headers)
                    found.append((f"{route.title} {query} {body}", answer))
    return found


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(contracts())
def test_any_contract_is_refused_or_becomes_a_service(text: str) -> None:
    files = generated(text)
    if not files:
        return
    with pytest.MonkeyPatch.context() as patch, imported(files, patch) as module:
        for asked, answer in asyncio.run(answers(module.create_app())):
            assert answer.status in (400, 501), f"{asked}: {answer.status} {answer.body!r}"
