"""The search for witnesses ends: what is left keeps its severity, and says so."""

from pathlib import Path

import pytest

from mallgen.witness import prove
from tests.conftest import mallgen

OLD = 'syntax = "v1"\n\ntype R {\n\tA int64 `json:"a"`\n}\n\nservice s-api {\n\t@handler H\n\tget /r returns (R)\n}\n'


def test_after_its_time_no_search_begins(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "old.api").write_text(OLD, encoding="utf-8")
    (here / "new.api").write_text(OLD.replace("int64", "string"), encoding="utf-8")
    words = ("breaking", "new.api", "--against", "old.api")
    assert "= witness: GET /r" in mallgen(*words).err
    monkeypatch.setattr(prove, "_SECONDS", -1.0)
    ran = mallgen(*words)
    assert (ran.code, ran.err.startswith("error[")) == (1, True)
    assert "= witness: not executed: the search for others took its" in ran.err
