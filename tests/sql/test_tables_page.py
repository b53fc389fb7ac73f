"""docs/tables.md and docs/cache.md are played: files are written, commands print what is shown, the Python runs."""

import ast
import asyncio
import inspect
import os
import sys
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from mallgen_runtime.process.conf import Conf, parse_config
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.sql.source import source
from tests.conftest import ROOT
from tests.test_cases import BLOCK, play


@pytest.mark.parametrize("name", ["tables", "cache"])
def test_the_page_is_played(name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(here))
    page = ROOT / "docs" / f"{name}.md"
    document = page.read_text(encoding="utf-8")
    codes: list[CodeType] = []

    def played(block: Any) -> str:
        if block["kind"] == "python":
            place = document.count("\n", 0, block.start()) + 1
            text = "\n" * place + block["body"]
            codes.append(compile(text, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
        elif block["kind"] in ("sql", "console"):
            return play(block, here)
        return str(block.group())

    shown = BLOCK.sub(played, document)
    if os.environ.get("MALLGEN_ACCEPT"):
        page.write_text(shown, encoding="utf-8")
    assert shown == document
    asyncio.run(_run(codes))
    for module in [
        module for module in sys.modules if module.partition(".")[0] in ("shop_model", "board_model", "mall_model")
    ]:
        del sys.modules[module]


class _Settings(Conf, kw_only=True):
    data_source: DataSourceConf


def test_the_settings_of_the_page_are_settings() -> None:
    document = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    (settings,) = (block["body"] for block in BLOCK.finditer(document) if block["kind"] == "yaml")
    found = parse_config(_Settings, settings.replace("${SHOP_PASSWORD}", "x"), "shop.yaml").data_source
    assert source(found.url, "DataSource").database == "shop"
    assert (found.required, found.max_open, found.slow_threshold) == (True, 64, "300ms")


async def _run(codes: list[CodeType]) -> None:
    """Run the page's blocks in one namespace, as a reader who types them one after the other."""
    names: dict[str, Any] = {}
    assert len(codes) > 5
    for code in codes:
        found = eval(code, names)
        if inspect.isawaitable(found):
            await found
