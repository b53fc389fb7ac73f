"""The rules of a command's registry: those that a command line chooses, and the list of all."""

from typing import TypeVar

from mallgen.cli.console import FINE, out, say
from mallgen.cli.options import Values
from mallgen.rules import Registry, Rule
from mallgen.text.suggest import did_you_mean
from mallgen.text.width import width

Subject = TypeVar("Subject")


def chosen_rules(registry: Registry[Subject], values: Values, command: str) -> tuple[Rule[Subject], ...] | None:
    """Return the default rules with those of --select, without those of --ignore; None for an unknown name."""
    known, selected, ignored = registry.rules(), values.many("select"), values.many("ignore")
    for name in (*selected, *ignored):
        if name not in known and name != "all":
            say(f"error[usage] there is no rule `{name}`")
            say(f"  = help: {did_you_mean(name, known) or f'{command} --rules lists them'}")
            return None
    return registry.chosen(selected, ignored)


def list_rules(registry: Registry[Subject]) -> int:
    """Print every rule with its default, its severity and the first line of its page."""
    known = registry.rules()
    widest = max(width(code) for code in known)
    for code, rule in known.items():
        first = (rule.check.__doc__ or "").partition("\n")[0]
        out(f"{code:<{widest}}  {'on ' if rule.default else 'off'}  {rule.severity:<7}  {first}")
    return FINE
