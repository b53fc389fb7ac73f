"""The files of the page: what a service answers with them, and that a wheel has them."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mallgen_runtime.admin import AdminPage
from tests.admin.service import ROOT, AdminService, make

DDL = "CREATE TABLE `product` (`id` bigint NOT NULL AUTO_INCREMENT, `name` varchar(20) NOT NULL, PRIMARY KEY (`id`));"
PAGE = ROOT / "runtime" / "mallgen_runtime" / "admin" / "page"
ACTIONS = (
    "create update set delete login logout login-failed lock-out refresh-reuse password roles disable enable".split()
)
FILES = sorted(path.name for path in PAGE.iterdir())


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminService]:
    running = AdminService(make(tmp_path_factory.mktemp("page"), "shop-admin", DDL, "product"), "shop_admin")
    running.start_with_ann()
    yield running
    running.stop()


def test_whatever_is_refused_or_noted_has_words_in_both_languages() -> None:
    text = (PAGE / "words.js").read_text(encoding="utf-8")
    spoken = [set(re.findall(r'(?m)^  "?([\w-]+)"?: ', part)) for part in text.partition("const ZH")[::2]]
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PAGE.parent.glob("*.py")))
    codes = set(re.findall(r'ApiError\(\s*\d+, "(\w+)"', source)) - {
        "unauthorized",
        "wrong_login",
    }  # these ask for a login
    assert len(codes) > 10
    words = {f"error_{code}" for code in codes} | {f"action_{word}" for word in ACTIONS}
    assert spoken[0] == spoken[1]
    assert words <= spoken[0], words - spoken[0]


def test_each_file_is_served_to_anybody_and_runs_nothing_of_others(service: AdminService) -> None:
    kinds = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    for name in ("", *FILES):
        said = service.ask("GET", f"/{name}", token="")
        assert said.status == 200, name
        assert said.body == (PAGE / (name or "index.html")).read_bytes()
        assert said.headers["content-type"].startswith(kinds[(name or "index.html").rpartition(".")[2]])
        rules = said.headers["content-security-policy"]
        assert rules.startswith("default-src 'self'; ")
        assert "unsafe" not in rules
        assert "frame-ancestors 'none'" in rules
        assert said.headers["x-content-type-options"] == "nosniff"
        assert said.headers["referrer-policy"] == "no-referrer"


def test_the_page_needs_no_inline_code_and_no_other_host() -> None:
    text = "".join((PAGE / name).read_text(encoding="utf-8") for name in FILES)
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    assert "<style" not in text
    assert 'style="' not in text
    assert "innerHTML" not in text
    assert "insertAdjacentHTML" not in text
    assert page.count("<script") == page.count('<script type="module" src=')
    assert "http" not in page


def test_paths_of_routes_and_unknown_ones_are_answered_as_ever(service: AdminService) -> None:
    assert service.ask("GET", "/v1/product", token="").status == 401
    assert service.ask("GET", "/v1/admin-page", token="").status == 401
    assert service.ask("GET", "/..%2f__init__.py", token="").status == 404
    assert service.ask("GET", "/page.py", token="").status == 404
    assert service.ask("POST", "/", token="").status in (404, 405)
    said = service.ask("GET", "/v1/admin-page")
    assert said.headers["cache-control"] == "no-store"
    assert [one["name"] for one in said.json["tables"]] == ["product", "admin_audit"]


def test_pictures_may_come_from_origins_that_are_named() -> None:
    with pytest.raises(ValueError, match="is no origin"):
        AdminPage(images=["https://a.example; script-src *"])


@pytest.mark.slow
def test_a_wheel_has_the_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(ROOT / "runtime")], check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        for name in FILES:
            assert wheel.read(f"mallgen_runtime/admin/page/{name}") == (PAGE / name).read_bytes()
