"""Baselines: the same contracts give the same bytes, and every file comes back."""

from pathlib import Path

import pytest

from mallgen.loading.baseline import restore_baseline, save_baseline

FILES = {"b.api": 'syntax = "v1"\n// a \u2028 b \x0c c\n', "a/t.sql": "CREATE TABLE t (a int);\n", "empty.proto": ""}


def saved(folder: Path, texts: dict[str, str]) -> bytes:
    save_baseline(str(folder / "release.txt"), texts)
    return (folder / "release.txt").read_bytes()


@pytest.mark.parametrize("change", ["order", "line ends", "last line"])
def test_the_same_contracts_have_the_same_bytes(tmp_path: Path, change: str) -> None:
    others = {
        "order": dict(reversed(FILES.items())),
        "line ends": {name: text.replace("\n", "\r\n") for name, text in FILES.items()},
        "last line": {name: text.removesuffix("\n") for name, text in FILES.items()},
    }
    assert saved(tmp_path, FILES) == saved(tmp_path, others[change])


def test_every_file_comes_back_as_it_was(tmp_path: Path) -> None:
    saved(tmp_path, FILES)
    restore_baseline(str(tmp_path / "release.txt"), str(tmp_path / "out"))
    found = {name: (tmp_path / "out" / name).read_text(encoding="utf-8") for name in FILES}
    assert found == FILES
