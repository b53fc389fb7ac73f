"""A back office of a small shop, and a browser for it."""

from collections.abc import Iterator

import pytest

from tests.admin.browser import Browser, opened
from tests.admin.products import DDL, new_product
from tests.admin.service import AdminService, make


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminService]:
    running = AdminService(make(tmp_path_factory.mktemp("admin"), "shop-admin", DDL, "product,category"), "shop_admin")
    running.start_with_ann()
    for name in ("Phones", "Books"):
        assert running.ask("POST", "/v1/category", {"name": name}).status == 201
    for number in range(24):
        new_product(running, name=f"thing {number}", stock=number, image="/icon.svg" if number % 2 else "")
    yield running
    running.stop()


@pytest.fixture
def browser(service: AdminService) -> Iterator[Browser]:
    with opened(service.port) as found:
        yield found
        refused = [text for text in found.said() if "Content Security Policy" in text or "Uncaught" in text]
        assert refused == []
