"""The example of docs/admin.md is played: its files are written, its commands print what is shown."""

import os
from pathlib import Path

from tests.conftest import ROOT
from tests.test_cases import BLOCK, play


def test_the_page_is_played(here: Path) -> None:
    page = ROOT / "docs" / "admin.md"
    document = page.read_text(encoding="utf-8")
    shown = BLOCK.sub(lambda block: play(block, here), document)
    if os.environ.get("MALLGEN_ACCEPT"):
        page.write_text(shown, encoding="utf-8")
    assert shown == document
    assert (here / "product-admin" / "product_admin" / "admin" / "product_rows.py").is_file()
