"""The text of docs/breaking-rules.md: every rule of mallgen breaking, with its level and its page."""

from collections.abc import Iterator

from mallgen.breaking import RULES, Rule
from mallgen.diagnostics.pages import pages

HEAD = """# The rules of mallgen breaking

`mallgen breaking --against main` compares two versions of the contracts; docs/compatibility.md has its settings. The
column *breaks* says what: `wire` (requests and responses), `json` (protobuf's JSON), `source` (code written against
generated code) or `behaviour`. Some findings weigh more or less than their rule, as its page says. Each rule has a
case, `tests/cases/breaking/RULE.md`: a change that it reports, and one that it does not.

"""
KINDS = (
    ("Routes, requests and responses of `.api` contracts", ()),
    ("Protos", ("proto-",)),
    ("Tables", ("check-", "column-", "foreign-key-", "index-", "table-", "view-")),
)


def breaking_page() -> str:
    """Return the page."""
    rules = RULES.rules()
    return HEAD + "".join(part for number in range(len(KINDS)) for part in _kind(number, rules))


def _kind(number: int, rules: dict[str, Rule]) -> Iterator[str]:
    title, prefixes = KINDS[number]
    others = tuple(prefix for _, found in KINDS for prefix in found)
    own = [
        rule for code, rule in rules.items() if (code.startswith(prefixes) if prefixes else not code.startswith(others))
    ]
    texts = pages()
    yield f"## {title}\n\n| rule | severity | breaks |\n|---|---|---|\n"
    for rule in own:
        yield f"| [{rule.code}](#{rule.code}) | {rule.severity if rule.default else 'off'} | {rule.level or '-'} |\n"
    for rule in own:
        yield f"\n### {rule.code}\n\n{texts[rule.code]}\n"
    yield "\n"
