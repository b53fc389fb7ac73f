"""Contracts as people write them, in tests/data/owned.txt, and goctl's verdict, model and layout of each.

`python -m tests.differential.owned` asks the real goctl again and keeps its answers in tests/data/owned_goctl.json.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.differential.goctl import verdicts

CONTRACTS, ANSWERS = ROOT / "tests" / "data" / "owned.txt", ROOT / "tests" / "data" / "owned_goctl.json"


def contracts() -> dict[str, dict[str, str]]:
    """Return the files of each contract by name, the root first, by the contract's title."""
    parts = re.split(r"^### (.+)\n", CONTRACTS.read_text(encoding="utf-8"), flags=re.M)[1:]
    return dict(zip(parts[::2], map(_files, parts[1::2]), strict=True))


def _files(text: str) -> dict[str, str]:
    parts = re.split(r"^--- (.+)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True)) if parts[1:] else {"shop.api": text}


def written(files: dict[str, str], folder: Path) -> Path:
    """Write a contract's files below a folder and return the path of its root."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / next(iter(files))


def asked() -> dict[str, Any]:
    """Return the real goctl's message, model and layout of each contract by title; raise Missing without Go."""
    with tempfile.TemporaryDirectory() as scratch:
        roots = {
            title: written(files, Path(scratch, str(number)))
            for number, (title, files) in enumerate(contracts().items())
        }
        models, layouts = verdicts(list(roots.values()), "model"), verdicts(list(roots.values()), "layout")
        return {
            title: {
                "said": _without_scratch(models[path].said, scratch),
                "model": models[path].model,
                "layout": layouts[path].layout if layouts[path].ok else None,
            }
            for title, path in roots.items()
        }


def _without_scratch(said: str, scratch: str) -> str:
    return re.sub(rf"{re.escape(scratch)}/\d+/", "", said)


def answers() -> Iterator[tuple[str, dict[str, str], dict[str, Any]]]:
    """Yield the title, the files and goctl's recorded answer of each contract."""
    kept: dict[str, Any] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    for title, files in contracts().items():
        yield title, files, kept[title]


def main() -> int:
    """Record the answers that goctl gives today."""
    found = asked()
    ANSWERS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(found)} contracts, {sum(not answer['said'] for answer in found.values())} accepted by goctl")
    return 0


if __name__ == "__main__":
    sys.exit(main())
