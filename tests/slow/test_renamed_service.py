"""A service of the shop is renamed: the commands that check suggests are run, and the shop works again."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import ROOT, mallgen, tree
from tests.run.service import Service
from tests.run.shop import RpcService, database, environment, seeded

pytestmark = pytest.mark.slow


def rename(root: Path, contracts: Sequence[str], old: str, new: str) -> None:
    """Change the files of a contract, then run the commands of the help line in their order."""
    shutil.copytree(ROOT / "examples", root / "examples", ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(seeded(), root / "generated")
    shutil.copy(ROOT / "mallgen.toml", root)
    for contract in contracts:
        text = (root / contract).read_text(encoding="utf-8")
        assert old in text
        (root / contract).write_text(text.replace(old, new), encoding="utf-8")
    packages = sorted(root.glob("generated/*/*_*"))
    checked = mallgen("check")
    assert (checked.code, mallgen("gen", "-q").code) == (1, 1)
    assert sorted(root.glob("generated/*/*_*")) == packages, "there is no second tree"
    (hint,) = re.findall(r"= help: (run `mv .*)", checked.err)
    moves, sync = re.findall(r"`(.*?)`", hint)
    subprocess.run(["bash", "-ec", moves], cwd=root, check=True)
    ran = mallgen(*sync.split()[1:])
    assert ran.code == 0, ran.err
    ran = mallgen("check")
    assert (ran.code, ran.err) == (0, "")
    assert not list(root.glob("generated/*/.mallgen/backup"))


def test_the_bff(here: Path) -> None:
    contracts = [f"examples/{name}.api" for name in ("flashsale", "mall", "shop")]
    rename(here, contracts, "service mall-api", "service shop-api")
    generated, registry = here / "generated", here / "registry"
    with (
        RpcService(generated / "product", "product_rpc", registry, database("product")),
        RpcService(generated / "seckill", "seckill_rpc", registry, database("seckill")),
        Service(generated / "mall", "shop_api", env=environment(registry)) as shop,
    ):
        assert shop.get("/v1/flashsale").json()["products"]


def test_an_rpc_service_that_is_called(here: Path) -> None:
    rename(here, ["examples/protos/order.proto"], "package order;", "package purchase;")
    generated, registry = here / "generated", here / "registry"
    assert not [name for name in tree(generated / "order") if name.startswith("order_rpc/")]
    with (
        RpcService(generated / "product", "product_rpc", registry, database("product")),
        RpcService(generated / "order", "purchase_rpc", registry, database("order")),
        Service(generated / "mall", "mall_api", env=environment(registry)) as mall,
    ):
        assert mall.get("/v1/order/list?uid=7").json()["orders"]
