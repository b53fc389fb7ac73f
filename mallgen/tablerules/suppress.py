"""The findings of `mallgen model lint`, without those that comments in the files switch off."""

from collections.abc import Sequence

from mallgen.diagnostics import Diagnostic
from mallgen.rules import Found
from mallgen.rules.chain_codes import CHAIN_CODES
from mallgen.rules.suppress import RuleCodes, apply, suppressions
from mallgen.tablerules import TableRule, lint, rules
from mallgen.tablerules.scope import TableScope


def table_findings(scope: TableScope, read: Sequence[Diagnostic], chosen: Sequence[TableRule]) -> list[Found]:
    """Return the diagnostics of reading tables and the findings of the chosen rules, without suppressed ones."""
    own = [Found(diagnostic, diagnostic.edits) for diagnostic in read]
    texts = {**scope.texts, **{path: text for one in scope.services for path, text in one.texts.items()}}
    codes = RuleCodes([*rules(), *CHAIN_CODES], [rule.code for rule in chosen], "mallgen model lint --rules")
    found = apply([*own, *lint(scope, tuple(chosen))], suppressions(texts), codes, at_notes=True)
    return sorted(found, key=lambda item: (item.diagnostic.span is None, item.diagnostic.span or ()))
