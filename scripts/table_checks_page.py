"""The text of docs/table-checks.md: the checks of tables beside contracts, with an example that each finds."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.diagnostics.pages import pages
from mallgen.diagnostics.terminal import Reporter
from mallgen.loading.load import load
from mallgen.proto.load import load_protos
from mallgen.rules import Rule
from mallgen.tablerules.carriers import Carrier, of_api
from mallgen.tablerules.chain import CHAIN, ChainScope, ServiceChain
from mallgen.tablerules.proto_carriers import of_proto
from mallgen.tables.read import DdlSource, read

EXAMPLES = Path(__file__).resolve().parent.parent / "tests" / "data" / "chain_examples.txt"
FILE = "shop.sql"
HEAD = """# Tables beside contracts

A value travels from a column through a message of the service's proto to a field of the BFF's `.api`, and each of the
three declares its type. In a workspace with tables `mallgen check` compares the three, and reports each disagreement
with both places. All are errors: exit code 1.

## Which columns a field is compared with

* A service's messages are compared with its own tables (`tables` and `database` in mallgen.toml); the types of a `.api`
  also with the tables of all services in its `uses`.
* A message belongs to the table that it is named after: `Order`, `OrderItem`, `OrderInfo`, `CreateOrderRequest` and
  `OrdersResponse` to `order`, `orders` or `t_order`; `OrderItem` to `orderitem` or `order_item` too. It also belongs to
  a table of another name if at least three of its fields, and at least half of them, are columns there, two of these
  with telling names (`payment`, not `id`, `status` or `create_time`).
* Names are compared without case and underscores. The column `id` of `orders` is also `order_id`; `proid`, `cateid` and
  `uid` are also `product_id`, `category_id` and `user_id`.
* A field that may hold columns of several tables is reported only if it disagrees with all of them.
* Only fields with a single value are compared, not lists, maps, messages and enums.

No service may reach into another's tables: `mallgen check` applies [foreign-table](model-lint.md#foreign-table) to the
foreign keys and views of the whole workspace, and to the SQL and imports in the modules of its services.

## To accept a finding

A comment at either place switches a check off there and says why: `// mallgen:ignore CODE reason` in a contract,
`-- mallgen:ignore CODE reason` in SQL, `# mallgen:ignore CODE reason` in Python, on the line or above it. A
comment without a reason, or without effect, is a finding itself.

```proto
// mallgen:ignore decimal-as-float callers of 2019 read a float; total_text has the exact one
float total = 4;
```

## The checks
"""


class ChainExample(NamedTuple):
    """Tables, a contract that disagrees with them, and one that does not."""

    tables: str
    wrong: str
    right: str


def chain_examples() -> dict[str, ChainExample]:
    """Return the examples by the code of their rule."""
    parts = re.split(r"^### (.+)\n", EXAMPLES.read_text(encoding="utf-8"), flags=re.M)[1:]
    return {code: ChainExample(*text.split("---\n")) for code, text in zip(parts[::2], parts[1::2], strict=True)}


def suffix(contract: str) -> str:
    """Return the kind of contract that a text is."""
    return "proto" if contract.startswith("syntax") else "api"


def carriers(contract: str) -> tuple[Carrier, ...]:
    """Return the messages or types of a contract."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"shop.{suffix(contract)}")
        path.write_text(contract, encoding="utf-8")
        if path.suffix == ".proto":
            protos = load_protos((str(path),), ())
            assert protos.contract is not None, protos.diagnostics
            return tuple(of_proto(protos.contract))
        loaded = load(str(path))
        assert loaded.contract is not None, loaded.diagnostics
        return tuple(of_api(loaded.contract))


def disagreements(tables: str, contract: str, *rules: Rule[ChainScope]) -> list[Diagnostic]:
    """Return the findings about one contract and the tables behind it, of all rules without one."""
    result = read([DdlSource(FILE, tables)])
    assert not result.diagnostics, result.diagnostics
    scope = ChainScope([ServiceChain(carriers(contract), result.schema.tables)])
    return [item.diagnostic for item in CHAIN.run(scope, rules or tuple(CHAIN.rules().values()))]


def table_checks_page() -> str:
    """Return the text of docs/table-checks.md."""
    return HEAD + "".join(_sections())


def _sections() -> Iterator[str]:
    for code, example in chain_examples().items():
        kind = suffix(example.wrong)
        found = disagreements(example.tables, example.wrong)
        path = next((one.span.file for one in found if one.span is not None), "")
        shown = Reporter({FILE: example.tables, path: example.wrong}, color=False).all(found).strip()
        shown = shown.replace(path, f"shop.{kind}")
        yield f"\n### {code}\n\n{pages()[code]}\n\n```sql\n{example.tables}```\n\n```{kind}\n{example.wrong}```\n"
        yield f"\n```text\n{shown}\n```\n\nNo finding:\n\n```{kind}\n{example.right}```\n"
