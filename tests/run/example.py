"""A service of a page's example: generated, its stubs filled in, imported into this process."""

import importlib
import re
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, mallgen, working_in

_STUB = re.compile(r"    async def .*?raise NotImplementedError\([^\n]*\n(?:        yield [^\n]*\n)?", re.S)


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of a page in docs/ that are written in a language."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def project(folder: Path, contract: str, bodies: dict[str, str], imports: str = "") -> Any:
    """Generate a service, put methods in the place of its stubs and return its `app` module."""
    (folder / "example.api").write_text(contract, encoding="utf-8")
    with working_in(folder):
        assert mallgen("api", "py", "-api", "example.api", "-dir", ".", "-q").code == 0
    (package,) = (path.parent for path in folder.glob("*/routes.py"))
    for name, body in bodies.items():
        path = package / "logic" / f"{name}_logic.py"
        text = _STUB.sub(body.replace("\\", r"\\"), path.read_text(encoding="utf-8"))
        path.write_text(text.replace("\nfrom mallgen_runtime", f"\n{imports}\nfrom mallgen_runtime", 1), "utf-8")
    return importlib.import_module(f"{package.name}.app")
