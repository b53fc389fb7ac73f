"""The rules of `mallgen api lint`, about contracts that work and could be better."""

from mallgen import rules as registry
from mallgen.lint.scope import LintScope

Rule = registry.Rule[LintScope]
RULES: registry.Registry[LintScope] = registry.Registry(
    "mallgen.lint.fields", "mallgen.lint.routes", "mallgen.lint.types"
)
rule, rules, lint = RULES.rule, RULES.rules, RULES.run
