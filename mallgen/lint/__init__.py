"""Rules about contracts that work, and could be better."""

from mallgen import rules as registry
from mallgen.lint.scope import Scope

Rule = registry.Rule[Scope]
RULES: registry.Registry[Scope] = registry.Registry("mallgen.lint.fields", "mallgen.lint.routes", "mallgen.lint.types")
rule, rules, lint = RULES.rule, RULES.rules, RULES.look
