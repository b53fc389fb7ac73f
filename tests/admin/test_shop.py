"""The back office of the example shop: what is changed on its page is what buyers see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.admin.browser import opened
from tests.admin.service import ROOT, AdminService, make, mallgen
from tests.run.service import Service
from tests.run.shop import Shop

PRODUCT = 3


@pytest.fixture
def cache(redis_server: servers.Redis, tmp_path: Path) -> str:
    """Return the settings of the cache that the shop and its back office share."""
    return f"CacheRedis:\n  - Host: {redis_server.host}\nCacheOptions:\n  Prefix: {tmp_path.name}\n"


@pytest.fixture
def office(tmp_path: Path, cache: str) -> Iterator[AdminService]:
    """Run a back office of the shop's products, on a copy of the shop's database."""
    ddl = (ROOT / "examples" / "sql" / "data.sql").read_text(encoding="utf-8")
    folder = make(tmp_path, "product-admin", ddl, "product,category", "-database", "product")
    with (folder / "mallgen.toml").open("a", encoding="utf-8") as file:
        file.write("cache = true\n")
    assert mallgen(folder, "gen").returncode == 0
    settings = next(folder.glob("etc/*.yaml"))
    text = settings.read_text(encoding="utf-8").replace("sqlite:///data/", f"sqlite:///{tmp_path}/shop/product/data/")
    settings.write_text(f"{text}\n{cache}", encoding="utf-8")
    running = AdminService(folder, "product_admin")
    yield running
    running.stop()


def _price(mall: Service) -> str:
    answer = mall.request("GET", f"/v1/product/{PRODUCT}", headers={})
    assert answer.status == 200, answer
    return str(answer.json()["price"])


@pytest.mark.slow
def test_a_price_that_is_changed_on_the_page_is_what_buyers_see(
    tmp_path: Path, cache: str, office: AdminService
) -> None:
    shop = Shop(tmp_path)
    with shop.rpc("product", cache), shop.rpc("reply"), shop.rpc("seckill"), shop.mall() as mall:
        before = _price(mall)
        office.start_with_ann()
        with opened(office.port) as browser:
            browser.login()
            browser.go(f"#/product/row?id={PRODUCT}")
            browser.fill("价格", "1234.50")
            browser.button("Save").click()
            browser.wait_text("#said", "Saved.")
        assert _price(mall) == "1234.50" != before
