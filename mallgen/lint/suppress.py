"""The findings of `mallgen api lint`, without those that comments in the contract switch off."""

from collections.abc import Mapping, Sequence

from mallgen.diagnostics import Diagnostic
from mallgen.lint import Rule, lint, rules
from mallgen.lint.scope import LintScope
from mallgen.model import Contract
from mallgen.rules import Found
from mallgen.rules.chain_codes import CHAIN_CODES
from mallgen.rules.suppress import RuleCodes, apply, suppressions

PARSED = (  # warnings from reading the contract, which can be switched off as rules are
    *("bad-tag", "comment-ends-early", "duplicate-key", "embedded-base-type", "invisible-character"),
    *("unknown-option", "unknown-setting"),
)


def findings(
    contract: Contract, parsed: Sequence[Diagnostic], texts: Mapping[str, str], chosen: Sequence[Rule]
) -> list[Found]:
    """Return the diagnostics of reading a contract and the findings of the chosen rules, without suppressed ones."""
    known = rules()
    own = [Found(diagnostic, ()) for diagnostic in parsed if diagnostic.code not in known]  # rules report theirs again
    codes = RuleCodes(
        [*known, *PARSED, *CHAIN_CODES], [*(rule.code for rule in chosen), *PARSED], "mallgen api lint --rules"
    )
    return apply([*own, *lint(LintScope(contract), tuple(chosen))], suppressions(texts), codes)
