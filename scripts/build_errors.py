"""Make docs/errors.md from tests/data/mistakes.txt: common mistakes with the messages of goctl and mallgen.

`--check` fails when the page is not current; `--goctl` runs the real goctl again and keeps its messages in
tests/data/mistakes_goctl.json, so that making the page needs no Go.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mallgen.diagnostics.terminal import Reporter  # noqa: E402
from mallgen.loading.load import load  # noqa: E402

MISTAKES, WORDS = ROOT / "tests" / "data" / "mistakes.txt", ROOT / "tests" / "data" / "mistakes_goctl.json"
PAGE = ROOT / "docs" / "errors.md"
HEAD = """# What mallgen says to common mistakes

Each contract below is wrong. What goctl 1.10.2 says stands beside what `mallgen api validate` says; `mallgen explain`
has a page for each code in brackets. The page is made by `make errors` from tests/data/mistakes.txt.
"""


def mistakes() -> dict[str, str]:
    """Return the wrong contracts by title."""
    parts = re.split(r"^### (.+)\n", MISTAKES.read_text(encoding="utf-8"), flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def goctl() -> dict[str, str]:
    """Return the message of the real goctl, which must be installed, for each mistake by title."""
    from tests.differential.goctl import verdicts

    with tempfile.TemporaryDirectory() as folder:
        files = {title: _written(Path(folder), number, text) for number, (title, text) in enumerate(mistakes().items())}
        verdict_of = verdicts(list(files.values()))
        return {title: _tidy(verdict_of[path].said, folder) for title, path in files.items()}


def _written(folder: Path, number: int, text: str) -> Path:
    path = folder / str(number) / "mistake.api"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def _tidy(said: str, folder: str) -> str:
    said = re.sub(rf"{re.escape(folder)}/\d+/", "", said)
    said = re.sub(r"^exit: \['[\d/: ]*(.*)'\]$", r"\1", said)
    return said or "(nothing: goctl accepts it)"


def ours(text: str) -> str:
    """Return mallgen's messages about a contract, as in a terminal without colours."""
    with tempfile.TemporaryDirectory() as folder:
        path = _written(Path(folder), 0, text)
        loaded = load(str(path))
        said = Reporter(loaded.sources, color=False).all(loaded.diagnostics)
        return said.replace(f"{path.parent}/", "").strip()


def page() -> str:
    """Return the text of docs/errors.md."""
    words: dict[str, str] = json.loads(WORDS.read_text(encoding="utf-8"))
    parts = [HEAD]
    for title, text in mistakes().items():
        body = text.strip("\n") + "\n" if text.strip() else "\n"
        parts.append(f"\n## {title}\n\n````api\n{body}````\n\ngoctl:\n\n````text\n{words[title]}\n````\n")
        parts.append(f"\nmallgen:\n\n````text\n{ours(text)}\n````\n")
    return "".join(parts)


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` compare it; return the exit code."""
    if "--goctl" in arguments:
        WORDS.write_text(json.dumps(goctl(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    made = page()
    if "--check" not in arguments:
        PAGE.write_text(made, encoding="utf-8")
        print(f"docs/errors.md: {len(mistakes())} mistakes")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != made:
        print("docs/errors.md is not current: make errors", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
