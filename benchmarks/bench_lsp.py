"""Measure how long an editor waits for the language server over stdio, on a contract of 500 routes.

It prints medians of ROUNDS in milliseconds: the time from a key press to the result, which includes the debounce of
keys, and the processor time of the server in it, which a busy machine does not change.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lsprotocol import types as lsp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.editor.client import Editor

ROUTES, ROUNDS, MOST = 500, 7, 200.0


def contract(routes: int) -> str:
    """Return a contract with `routes` routes, each with a request and a response of its own."""
    return "\n".join(
        [
            'syntax = "v1"\n',
            *map(_types, range(routes)),
            "@server (\n\tprefix: /v1\n)\nservice big-api {",
            *map(_route, range(routes)),
            "}\n",
        ]
    )


def _types(number: int) -> str:
    return f"""type (
	Thing{number}Request {{
		ID   int64 `path:"id"`
		Page int64 `form:"page,default=1,range=[1:100]"`
	}}

	Thing{number}Response {{
		ID    int64 `json:"id"` // 编号
		Items []*Thing{max(0, number - 1)}Response `json:"items"`
	}}
)
"""


def _route(number: int) -> str:
    return f"""	@doc "thing {number}"
	@handler Thing{number}
	get /thing{number}/:id (Thing{number}Request) returns (Thing{number}Response)
"""


class Took(NamedTuple):
    """Milliseconds of wall time, and of the server's processor time."""

    passed: float
    computed: float


def median(editor: Editor, measure: Callable[[int], None], rounds: int = ROUNDS) -> Took:
    """Return the medians of several measurements."""
    rows = []
    for number in range(rounds):
        began, computed = time.perf_counter(), _computed(editor)
        measure(number)
        rows.append(Took(1000 * (time.perf_counter() - began), 1000 * (_computed(editor) - computed)))
    return Took(*map(statistics.median, zip(*rows, strict=True)))


def _computed(editor: Editor) -> float:
    """Return the seconds of processor time that the server has used, 0 on a system without /proc."""
    stat = Path(f"/proc/{editor.pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Print the figures; return 1 when diagnostics take longer than MOST milliseconds."""
    text = contract(ROUTES)
    with tempfile.TemporaryDirectory() as folder:
        editor = Editor(Path(folder))
        editor.initialize()

        def open_(_: int) -> None:
            editor.open("big.api", text)
            assert editor.problems("big.api") == []

        def type_(number: int) -> None:
            wrong = text.replace("(Thing250Request)", f"(Thing{number}Requst)", 1)
            version = editor.change("big.api", wrong)
            assert editor.codes("big.api", version) == ["unknown-type"]

        def enter(number: int) -> None:
            version = editor.change("big.api", text.replace("type (", "\n" * (number + 1) + "type (", 1))
            assert editor.codes("big.api", version) == []

        def complete(_: int) -> None:
            assert editor.ask(editor.client.text_document_completion_async, lsp.CompletionParams(document, position))

        figures = {"opened, until its problems are shown": median(editor, open_, 1)}
        figures["a name mistyped, until it is shown"] = typed = median(editor, type_)
        figures["a line put in near the top, until all is shown anew"] = median(editor, enter)
        editor.problems("big.api", editor.change("big.api", text))
        document, position = editor.at("big.api", "(Thing250|Request)")
        figures["completion of a type in the last block"] = median(editor, complete)
        editor.stop()
    print(f"a contract of {ROUTES} routes, {len(text.splitlines())} lines, {len(text) // 1024} KiB; milliseconds")
    print("passed  computed")
    for what, took in figures.items():
        print(f"{took.passed:6.0f}  {took.computed:8.0f}  {what}")
    return 1 if typed.passed > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
