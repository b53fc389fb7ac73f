"""How long an editor waits: a contract of 500 routes, from a key pressed to what is shown, over stdio.

Prints milliseconds, the middle of ROUNDS: what passes, with the wait for the next key (debounce) in it, and what the
server computes of it, which a busy machine does not change.
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
    """A contract with as many routes, each with a request and an answer of its own."""
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
    """Milliseconds that passed, and that the server's process computed."""

    passed: float
    computed: float


def middle(editor: Editor, measure: Callable[[int], None], rounds: int = ROUNDS) -> Took:
    """The middle of some measurements."""
    found = []
    for number in range(rounds):
        began, computed = time.perf_counter(), _computed(editor)
        measure(number)
        found.append(Took(1000 * (time.perf_counter() - began), 1000 * (_computed(editor) - computed)))
    return Took(*map(statistics.median, zip(*found, strict=True)))


def _computed(editor: Editor) -> float:
    """Seconds of processor time that the server has used; 0 where the system does not say."""
    stat = Path(f"/proc/{editor.pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Print the figures; 1 when the wait for problems is longer than promised."""
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
            assert editor.ask(editor.client.text_document_completion_async, lsp.CompletionParams(document, place))

        found = {"opened, until its problems are shown": middle(editor, open_, 1)}
        found["a name mistyped, until it is shown"] = typed = middle(editor, type_)
        found["a line put in near the top, until all is shown anew"] = middle(editor, enter)
        editor.problems("big.api", editor.change("big.api", text))
        document, place = editor.at("big.api", "(Thing250|Request)")
        found["completion of a type in the last block"] = middle(editor, complete)
        editor.stop()
    print(f"a contract of {ROUTES} routes, {len(text.splitlines())} lines, {len(text) // 1024} KiB; milliseconds")
    print("passed  computed")
    for what, took in found.items():
        print(f"{took.passed:6.0f}  {took.computed:8.0f}  {what}")
    return 1 if typed.passed > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
