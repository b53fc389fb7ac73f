"""The libraries of tokens: there before the first request where a service has a use for them, and nowhere else."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import field

from mallgen_runtime import App, ConfigError, JwtConf, RestConf, ServiceBase


class Signing(RestConf, kw_only=True):
    """Settings with a block for tokens."""

    auth: JwtConf = field(default_factory=JwtConf)


SERVICE = """
import asyncio, sys
from msgspec import field
from mallgen_runtime import App, JwtConf, JwtTransitionConf, Response, RestConf, Route, ServiceBase, issue_token

class Settings(RestConf, kw_only=True):
    BLOCK

async def endpoint(ctx, svc):
    return Response()

async def talk():
    config = Settings(name="a", port=1)
    app = App(config, ServiceBase(config), [Route("GET", "/", endpoint)])
    await app.open()
    print("joserfc" in sys.modules, "joserfc.jwk" in sys.modules)
    await app.shut()
    assert issue_token(JwtConf(access_secret="x" * 40))

asyncio.run(talk())
"""


def started(block: str) -> list[str]:
    """Return whether two modules are there before the first request."""
    code = SERVICE.replace("BLOCK", block)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    "block",
    [
        'auth: JwtConf = field(default_factory=lambda: JwtConf(access_secret="x" * 40))',
        'auth: JwtTransitionConf = field(default_factory=lambda: JwtTransitionConf(secret="x" * 40))',
    ],
)
def test_a_service_with_a_block_for_tokens_has_them(block: str) -> None:
    assert started(block) == ["True", "True"]


def test_a_service_without_one_does_not_wait_for_them() -> None:
    assert started("other: int = 0") == ["False", "False"]


def test_a_key_to_sign_with_is_read_at_the_start(tmp_path: Path) -> None:
    config = Signing(name="a", port=1)
    config.auth.private_key_file = str(tmp_path / "absent.pem")

    with pytest.raises(ConfigError, match=r"absent\.pem"):
        asyncio.run(App(config, ServiceBase(config), []).open())
