"""Ten contracts of public projects become services that pass mypy, black and ruff, and start."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import mallgen
from tests.mypy_cache import mypy_cache
from tests.run.service import SECRET, Service

pytestmark = pytest.mark.slow
CONTRACTS = (
    "ArtisanCloud+PowerX/api/admin.crm.api",
    "Mikaelemmmm+go-zero-looklook/app/order/cmd/api/desc/order.api",
    "Mikaelemmmm+go-zero-looklook/app/payment/cmd/api/desc/payment.api",
    "Mikaelemmmm+go-zero-looklook/app/travel/cmd/api/desc/travel.api",
    "Mikaelemmmm+go-zero-looklook/app/usercenter/cmd/api/desc/usercenter.api",
    "Wenpiner+last-admin-core/api/desc/all.api",
    "suyuan32+simple-admin-file/desc/all.api",
    "zeromicro+zero-examples/bookstore/api/bookstore.api",
    "zeromicro+zero-examples/http/jwt/jwt.api",
    "zeromicro+zero-examples/shorturl/api/shorturl.api",
)


@pytest.fixture(scope="module")
def services(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """Generate every contract into its own folder; return folder and package by the contract's name."""
    found = {}
    for number, name in enumerate(CONTRACTS):
        folder = tmp_path_factory.mktemp(f"service{number}")
        ran = mallgen("api", "py", "-api", str(corpus / name), "-dir", str(folder))
        assert ran.code == 0, ran.err
        found[name] = (folder, next(folder.glob("*/routes.py")).parent.name)
    return found


@pytest.mark.parametrize("name", CONTRACTS)
def test_it_passes_the_strict_checks(services: dict[str, tuple[Path, str]], name: str) -> None:
    folder, package = services[name]
    for command in (
        ["mypy", "--strict", "--cache-dir", mypy_cache(folder), package],
        ["black", "--check", "--quiet", "."],
        ["ruff", "check", "--quiet", "."],
    ):
        ran = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", CONTRACTS)
def test_it_starts_and_says_what_is_missing(services: dict[str, tuple[Path, str]], name: str) -> None:
    folder, package = services[name]
    text = "\n".join(_settings_blocks(folder))
    with Service(folder, package, text) as service:
        assert service.get("/healthz").status == 200
        assert service.get("/no/such/path").status == 404


def _settings_blocks(folder: Path) -> list[str]:
    """Return the generated settings below the comment and the first three keys, with a secret filled in."""
    settings = next(folder.glob("etc/*.yaml")).read_text(encoding="utf-8").split("\n", 4)[4]
    return [line.split("${")[0] + SECRET if "${" in line else line for line in settings.splitlines()]
