"""The text of docs/model-lint.md: every rule of mallgen model lint, with an example that it finds something in."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mallgen.diagnostics.pages import pages
from mallgen.diagnostics.terminal import Reporter
from mallgen.rules import Found
from mallgen.tablerules import TableRule, lint, rules
from mallgen.tablerules.scope import TableScope
from mallgen.tables.read import DdlSource, read

EXAMPLES = Path(__file__).resolve().parent.parent / "tests" / "data" / "model_lint_examples.txt"
FILE = "shop.sql"
HEAD = """# The rules of mallgen model lint

`mallgen model lint 'sql/*.sql'` reports what works in tables and could be better, and all errors of the files.
Without files it reads those of the workspace's services, and the Python modules in which these write queries. Exit
code 1 when there are findings; `--format json|github|gitlab|junit|sarif|concise` for machines.

```sh
mallgen model lint --ignore timestamp-2038 data.sql
mallgen model lint --rules            # the list below; mallgen explain RULE prints one page
mallgen model fix data.sql            # shows, as a diff, what can be mended in only one way; --write applies it
```

A comment switches a rule off for its line or, when it stands alone, for the next one, and says why. It may stand at any
place that the message names. A comment without a reason, with an unknown rule, or without effect is a finding itself.

```sql
-- mallgen:ignore reserved-name the table is older than this service
CREATE TABLE `order` (
```

In Python the comment is `# mallgen:ignore foreign-table …`. Errors of the DDL itself cannot be switched off.

## What mallgen model fix mends

| flaw | what is written |
|---|---|
| a reserved word without quotes | the word in the dialect's quotes |
| `NOT NUMBER`, or NOT alone | `NOT NULL` |
| two defaults | the last one, which MySQL takes |
| a zero date | `NULL DEFAULT NULL`, unless the column is part of a key |
| `utf8` and `utf8mb3`, with their collations | `utf8mb4`, unless a key would be too long for it |
| a literal default of a text, blob or JSON column; a call as a default | the same in brackets |
| `datetime(3) DEFAULT CURRENT_TIMESTAMP` | the digits of the column |
| a default of an AUTO_INCREMENT column; a `,` too many | nothing: it is deleted |
| a missing `,`, `)` or `;` at the end of a line | the sign |
| signs of full width: ，（） | those of SQL |

Everything else is left as it is, and reported with its place.

## The rules

| rule | severity | `model fix` |
|---|---|---|
"""


class TableExample(NamedTuple):
    """Tables with a finding of a rule, and the same tables without it."""

    before: str
    after: str


def table_examples() -> dict[str, TableExample]:
    """Return the examples by the code of their rule."""
    parts = re.split(r"^### (.+)\n", EXAMPLES.read_text(encoding="utf-8"), flags=re.M)[1:]
    halves = (text.partition("---\n") for text in parts[1::2])
    return {code: TableExample(before, after) for code, (before, _, after) in zip(parts[::2], halves, strict=True)}


def linted_tables(text: str, rule: TableRule) -> list[Found]:
    """Return the findings of one rule about tables."""
    result = read([DdlSource(FILE, text)])
    assert not result.diagnostics, (rule.code, result.diagnostics)
    return lint(TableScope(result.schema, {FILE: text}), (rule,))


def model_lint_page() -> str:
    """Return the text of docs/model-lint.md."""
    known = table_examples()
    rows = (_row(rule, known[rule.code]) for rule in rules().values())
    return HEAD + "".join(rows) + "".join(_sections(known))


def _row(rule: TableRule, example: TableExample) -> str:
    fix = "yes" if any(item.edits for item in linted_tables(example.before, rule)) else ""
    return f"| [{rule.code}](#{rule.code}) | {rule.severity} | {fix} |\n"


def _sections(known: dict[str, TableExample]) -> Iterator[str]:
    for code, rule in rules().items():
        before, after = (f"```sql\n{text.strip(chr(10))}\n```" for text in known[code])
        found = [item.diagnostic for item in linted_tables(known[code].before, rule)]
        text = f"```text\n{Reporter({FILE: known[code].before}, color=False).all(found).strip()}\n```"
        yield f"\n### {code}\n\n{pages()[code]}\n\n{before}\n\n{text}\n\nNo finding:\n\n{after}\n"
