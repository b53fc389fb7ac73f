"""The examples of mallgen_runtime.testing, run on the shop of generated/."""

import asyncio
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from mallgen_runtime.testing import Client, context, made_up_secrets
from tests.conftest import ROOT

SHOP = str(ROOT / "generated" / "mall")


@pytest.fixture(autouse=True)
def shop_on_the_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(SHOP)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in ("mall_api", "order_rpc")]:
        del sys.modules[name]


def fake_products() -> Any:
    """Return a client of product.rpc that calls nobody and recommends as many products as it is asked for."""
    from mall_api.rpc.product import (  # type: ignore[import-not-found]
        ProductClient,
        ProductItem,
        ProductPage,
        RecommendedRequest,
    )

    class Products(ProductClient):  # type: ignore[misc]
        def __init__(self) -> None: ...

        async def recommended(self, req: RecommendedRequest, *, timeout: float | None = None) -> ProductPage:
            return ProductPage(products=[ProductItem(product_id=n) for n in range(req.ps)])

    return Products()


def test_a_client_without_a_socket() -> None:
    from mall_api.app import create_app  # type: ignore[import-not-found]

    async def talk() -> None:
        with made_up_secrets():
            app = create_app()
        async with Client(app) as client:
            client.svc.product_rpc = fake_products()
            answer = await client.get("/v1/recommend", params={"ps": "5"})
            assert (answer.status, len(answer.json()["products"])) == (200, 5)
            wrong = await client.post("/v1/recommend", json={"a": 1})
            assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")

    asyncio.run(talk())


def test_logic_without_a_service() -> None:
    from mall_api.app import create_app
    from mall_api.logic.recommend_logic import RecommendLogic  # type: ignore[import-not-found]
    from mall_api.schemas import RecommendRequest  # type: ignore[import-not-found]
    from mall_api.svc import ServiceContext  # type: ignore[import-not-found]

    async def think() -> None:
        with made_up_secrets():
            svc = ServiceContext(create_app().config)
        svc.product_rpc = fake_products()
        await svc.start()
        page = await RecommendLogic(context(claims={"uid": 1}), svc).recommend(RecommendRequest(ps=5))
        assert (len(page.products), page.is_end) == (5, False)

    asyncio.run(think())


BLOCKS = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / "testing.md").read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("number", range(4))
def test_what_the_documentation_shows(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "generated" / "order"))
    names: dict[str, Any] = {}
    exec(compile(BLOCKS[number], "docs/testing.md", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert tests
    for test in tests:
        asyncio.run(test())


def test_the_documentation_has_no_other_tests() -> None:
    assert len(BLOCKS) == 4
