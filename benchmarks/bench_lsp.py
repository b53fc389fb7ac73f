"""How long an editor waits: a contract of 500 routes, from a key pressed to what is shown, over stdio.

Prints milliseconds, the middle of ROUNDS. The wait for the next key (debounce) is in them.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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


def middle(measure: Callable[[int], None]) -> float:
    """The middle of some measurements, in milliseconds."""
    took = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        measure(number)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def main() -> int:
    """Print the figures; 1 when the wait for problems is longer than promised."""
    text = contract(ROUTES)
    with tempfile.TemporaryDirectory() as folder:
        editor = Editor(Path(folder))
        editor.initialize()
        began = time.perf_counter()
        editor.open("big.api", text)
        assert editor.problems("big.api") == []
        opened = 1000 * (time.perf_counter() - began)

        def type_(number: int) -> None:
            wrong = text.replace("(Thing250Request)", f"(Thing{number}Requst)", 1)
            version = editor.change("big.api", wrong)
            assert editor.codes("big.api", version) == ["unknown-type"]

        def enter(number: int) -> None:
            version = editor.change("big.api", text.replace("type (", "\n" * (number + 1) + "type (", 1))
            assert editor.codes("big.api", version) == []

        typed, entered = middle(type_), middle(enter)
        version = editor.change("big.api", text)
        editor.problems("big.api", version)
        document, place = editor.at("big.api", "(Thing250|Request)")
        asked = editor.client.text_document_completion_async
        completed = middle(lambda _: _wait(editor.ask(asked, lsp.CompletionParams(document, place))))
        editor.stop()
    print(f"a contract of {ROUTES} routes, {len(text.splitlines())} lines, {len(text) // 1024} KiB; milliseconds")
    print(f"{opened:6.0f}  opened, until its problems are shown")
    print(f"{typed:6.0f}  a name mistyped, until it is shown")
    print(f"{entered:6.0f}  a line put in near the top, until all is shown anew")
    print(f"{completed:6.0f}  completion")
    return 1 if max(typed, entered) > MOST else 0


def _wait(_: object) -> None:
    """What was asked has been answered."""


if __name__ == "__main__":
    sys.exit(main())
