"""Whatever is sent to a service, it answers as its contract documents: the shop and three public contracts."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mallgen.loading.load import load
from mallgen.model import Contract
from tests.conftest import ROOT, mallgen
from tests.run.driver import Driver, answers
from tests.run.service import SECRET, Service
from tests.run.shop import Shop

PUBLIC = (
    "jayvynl+goctl-openapi/example/example.api",
    "ArtisanCloud+PowerX/api/admin.crm.api",
    "dongdongdongDu+newbee-mall-gozero/service/admin/api/admin.api",
)
pytestmark = pytest.mark.slow
Record = Callable[[str, object], None]


def contract_of(path: Path) -> Contract:
    loaded = load(str(path))
    assert loaded.contract is not None
    return loaded.contract


@contextmanager
def answering(path: Path, folder: Path) -> Iterator[Service]:
    """Generate a service whose logics return full answers, and start it."""
    assert mallgen("api", "py", "-api", str(path), "-dir", str(folder), "-q").code == 0
    full = answers(contract_of(path))
    (package,) = (found.parent.name for found in folder.glob("*/routes.py"))
    for logic in (folder / package / "logic").rglob("*_logic.py"):
        text = logic.read_text(encoding="utf-8")
        stub = re.search(r"-> (?P<kind>[^:]*):\n +raise NotImplementedError\(\s*\"(?P<title>.*?)\"\s*\)", text)
        assert stub is not None, text
        kind = stub["kind"].rpartition(" | ")[0]  # without the Response of the runtime
        made = f"decode({full[stub['title']].encode()!r}, {kind})" if stub["title"] in full else "None"
        lines = (
            f"-> {stub['kind']}:\n        from mallgen_runtime.schema.decoding import decode\n\n        return {made}"
        )
        logic.write_text(text[: stub.start()] + lines + text[stub.end() :], encoding="utf-8")
    settings = "".join(f"{name}:\n  AccessSecret: {SECRET}\n" for name in ("Auth", "JwtAuth"))
    with Service(folder, package, settings) as service:
        yield service


def drive(contract: Contract, service: Service, record: Record, what: str) -> None:
    driver = Driver(contract, service.port, seed=1)
    driver.run(15)
    record("figure", f"random requests to {what}: {driver.statuses.total()}, {dict(sorted(driver.statuses.items()))}")
    assert driver.wrong == []
    assert driver.statuses[200] > 100 and driver.statuses[400] > 100


def test_the_shop(tmp_path: Path, record_property: Record) -> None:
    with Shop(tmp_path).up() as service:
        drive(contract_of(ROOT / "examples" / "mall.api"), service, record_property, "the shop")


@pytest.mark.parametrize("name", PUBLIC, ids=lambda name: name.partition("/")[0])
def test_public_contracts(name: str, corpus: Path, tmp_path: Path, record_property: Record) -> None:
    with answering(corpus / name, tmp_path) as service:
        drive(contract_of(corpus / name), service, record_property, name)
