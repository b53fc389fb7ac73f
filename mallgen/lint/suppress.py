"""What `mallgen api lint` finds, without what comments of the contract switch off."""

from collections.abc import Mapping, Sequence

from mallgen.diagnostics import Diagnostic
from mallgen.lint import Rule, lint, rules
from mallgen.lint.scope import LintScope
from mallgen.model import Contract
from mallgen.rules import Found
from mallgen.rules.suppress import RuleCodes, apply, suppressions

PARSED = (  # warnings from reading the contract, which can be switched off as rules are
    *("bad-tag", "comment-ends-early", "duplicate-key", "embedded-base-type", "invisible-character"),
    *("unknown-option", "unknown-setting"),
)


def findings(
    contract: Contract, parsed: Sequence[Diagnostic], texts: Mapping[str, str], chosen: Sequence[Rule]
) -> list[Found]:
    """What reading a contract has told, and what the chosen rules find; without what comments switch off."""
    known = rules()
    own = [Found(diagnostic, ()) for diagnostic in parsed if diagnostic.code not in known]  # the rule says it again
    codes = [*known, *PARSED]
    judged = RuleCodes(codes, [*(rule.code for rule in chosen), *PARSED], "mallgen api lint --rules")
    return apply([*own, *lint(LintScope(contract), tuple(chosen))], suppressions(texts), judged)
