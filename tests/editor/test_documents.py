"""Runs the documents in tests/editor/cases: prose, contracts, and the answers that an editor gets about them.

A fenced block with a file name after its language is a file; `‸` marks the cursor, in the file that is open. The
blocks that follow are questions about it, named by their language, each with its answer: problems, hover, completion,
definition, references, outline, `rename NAME`, fixes, format. `make accept` writes the answers into the documents.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from mallgen.editor import navigation, renaming
from mallgen.editor.actions import quick_fixes, safe_edits
from mallgen.editor.completion import complete
from mallgen.editor.hover import hover
from mallgen.editor.layout import DoesNotParse, laid_out
from mallgen.editor.memory import Memory
from mallgen.editor.navigation import Entry
from mallgen.editor.places import EditorText, Range, RangeEdit
from mallgen.editor.project import Project, SeenFile, understand
from mallgen.lint import rules
from mallgen.loading.sources import FileTexts, Unreadable, read
from mallgen.syntax.scan import Scanned
from mallgen.text.limits import Limits
from mallgen.text.span import Span

CASES = sorted((Path(__file__).parent / "cases").glob("*.md"))
BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<name>[^\n]+))?\n(?P<body>.*?)^```$", re.M | re.S)
CURSOR = "‸"


class Files(FileTexts):
    """Files that exist in a document only, and not on disk."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.texts: dict[str, str] = {}

    def text(self, path: str, real: str, most: int) -> str:
        if path not in self.texts:
            raise Unreadable("no-such-file", f"there is no file `{path}`", "check the path")
        return self.texts[path]

    def scanned(self, text: str, path: str, limits: Limits) -> Scanned:
        return self.memory.scanned(text, path, limits)


class Play:
    """One document, played block by block."""

    def __init__(self) -> None:
        self.files = Files(Memory())
        self.open = ""
        self.offset = 0

    def block(self, match: re.Match[str]) -> str:
        """Return a block with the answer that mallgen gives today."""
        kind, name, body = match["kind"], match["name"], match["body"]
        if kind in {"api", "text"}:
            assert name, "a file has a name"
            if CURSOR in body:
                self.open, self.offset = name, body.index(CURSOR)
            self.files.texts[name] = body.replace(CURSOR, "")
            return match.group()
        answer = getattr(self, f"_{kind}")(name) if name else getattr(self, f"_{kind}")()
        return f"```{kind}{f' {name}' if name else ''}\n{answer}\n```"

    @property
    def project(self) -> Project:
        """Return the project of the contract that imports the open file first, or of the open file itself."""
        root = next((n for n, text in self.files.texts.items() if f'"{self.open}"' in text), self.open)
        chosen = tuple(rule for rule in rules().values() if rule.default)
        return understand(root, read(root, disk=self.files), self.files.memory, chosen)

    @property
    def texts(self) -> Mapping[str, EditorText]:
        """Return the text of every file by name."""
        return {name: EditorText(text) for name, text in self.files.texts.items()}

    @property
    def cursor(self) -> tuple[int, int]:
        """Return the line and the column of the cursor."""
        return self.texts[self.open].line_col(self.offset)

    def _problems(self) -> str:
        found = (
            f"{_spelled(p.diagnostic.span)} {p.level} {p.diagnostic.code}: {p.diagnostic.message}"
            for p in self.project.problems
        )
        return "\n".join(found) or "nothing"

    def _hover(self) -> str:
        found = hover(self.project, self.open, *self.cursor)
        return found.markdown.replace("```", "~~~") if found is not None else "nothing"

    def _completion(self) -> str:
        found = complete(self.project, self.open, self.offset, [n for n in self.files.texts if n != self.open])
        text = self.files.texts[self.open][found.start : self.offset]
        ranked = sorted(found.proposals, key=lambda p: (p.rank, p.label))
        lines = [f"{p.label}{f'  →  {p.snippet!r}' if p.snippet else ''}" for p in ranked]
        return "\n".join([f"for `{text}`:", *lines]) if lines else "nothing"

    def _definition(self) -> str:
        return _spelled(navigation.definition(self.project, self.open, *self.cursor))

    def _references(self) -> str:
        found = navigation.references([SeenFile(self.project, self.open)], *self.cursor, declared=True)
        return "\n".join(map(_spelled, found)) or "nothing"

    def _outline(self) -> str:
        return "\n".join(_indented(navigation.outline(self.project.files[self.open]), ""))

    def _rename(self, name: str) -> str:
        found = renaming.rename([SeenFile(self.project, self.open)], *self.cursor, name)
        return found.refusal or "\n".join(map(_spelled, found.spans)) or "nothing"

    def _fixes(self) -> str:
        text = self.texts[self.open]
        here = text.position(self.offset)
        project = self.project
        found = list(quick_fixes(list(project.problems), self.open, self.texts, Range(here, here)))
        lines = []
        for action in found:
            lines += [action.title, *_changed(text, action.edits[self.open])]
        every = safe_edits(list(project.problems), self.open, text)
        lines += ["at once:", *_changed(text, every)] if every else []
        return "\n".join(lines) or "nothing"

    def _format(self) -> str:
        text = self.texts[self.open]
        try:
            return "\n".join(_changed(text, laid_out(text, self.open))) or "nothing"
        except DoesNotParse as problem:
            return f"refused: {problem.diagnostics[0].message}"


def _spelled(span: Span | None) -> str:
    return f"{span.file}:{span.line}:{span.col}" if span is not None else "nothing"


def _indented(entries: "tuple[Entry, ...] | list[Entry]", pad: str) -> Iterator[str]:
    for entry in entries:
        lines = f"{entry.span.line}-{entry.span.end_line}"
        yield f"{pad}{entry.kind} {entry.name}{f' ({entry.detail})' if entry.detail else ''}  {lines}"
        yield from _indented(entry.children, pad + "  ")


def _changed(text: EditorText, edits: tuple[RangeEdit, ...]) -> Iterator[str]:
    for edit in edits:
        start, end = text.at(edit.range.start), text.at(edit.range.end)
        line, col = text.line_col(start)
        yield f"  {line}:{col} {text.text[start:end]!r} → {edit.text!r}"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_document(path: Path) -> None:
    document = path.read_text(encoding="utf-8")
    play: Callable[[re.Match[str]], str] = Play().block
    played = BLOCK.sub(play, document)
    if os.environ.get("MALLGEN_ACCEPT"):
        path.write_text(played, encoding="utf-8")
    assert played == document
