"""Public contracts: goctl's verdict on each file of the corpus, and goctl's parse of the roots."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mallgen.loading.load import load
from tests.differential.models import difference


def test_verdicts_are_goctls(corpus: Path, record_property: Callable[[str, object], None]) -> None:
    with (corpus / "VERDICTS.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    differing = {}
    for row in rows:
        name = f"{row['repo'].replace('/', '+')}/{row['path']}"
        if (corpus / name).is_file():
            loaded = load(str(corpus / name))
            if (loaded.contract is not None) != (row["spec_ok"] == "1"):
                differing[name] = loaded.diagnostics[0].message if loaded.diagnostics else "accepted"
    assert len(rows) > 150
    record_property("figure", f"verdicts of corpus files equal: {len(rows) - len(differing)} of {len(rows)}")
    assert not differing


def goldens(corpus: Path) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path in sorted((corpus / "golden").rglob("*.json")):
        golden = json.loads(path.read_text(encoding="utf-8"))
        name = path.relative_to(corpus / "golden").as_posix().removesuffix(".json")
        if not golden.get("Err"):
            found.append((name, golden))
    return found


def test_inspect_says_what_goctl_parsed(corpus: Path, record_property: Callable[[str, object], None]) -> None:
    compared = goldens(corpus)
    assert len(compared) >= 20
    for name, golden in compared:
        contract = load(str(corpus / name)).contract
        assert contract is not None, name
        assert difference(contract, golden) == "", name
    record_property("figure", f"goldens equal: {len(compared)} of {len(compared)}")
