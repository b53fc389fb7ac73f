"""The rules of `mallgen model lint`, about tables that work and could be better, and the one way to mend some."""

from mallgen import rules as registry
from mallgen.tablerules.scope import TableScope

TableRule = registry.Rule[TableScope]
RULES: registry.Registry[TableScope] = registry.Registry(
    "mallgen.tablerules.columns", "mallgen.tablerules.keys", "mallgen.tablerules.reach", "mallgen.tablerules.words"
)
rule, rules, lint = RULES.rule, RULES.rules, RULES.run
