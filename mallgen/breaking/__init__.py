"""The rules of `mallgen breaking`: what a change of the contracts does to those who use them.

Two versions of a service are paired first: `.api` contracts by `api.py`, protos by `proto.py`, tables by `tables.py`.
Then each rule judges the pairs: a decorated function that yields findings, its docstring its page.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mallgen import rules as registry
from mallgen.rules import Finding

if TYPE_CHECKING:
    from mallgen.breaking.api import ApiChange
    from mallgen.breaking.proto import ProtoChange
    from mallgen.breaking.tables import TablesChange
    from mallgen.model import Contract

WIRE, JSON, SOURCE, BEHAVIOUR = "wire", "json", "source", "behaviour"
NO_LEVEL = ""  # of rules about promises: what is said, and not done
ERROR, WARNING, INFO = "error", "warning", "info"


class ServiceChange(NamedTuple):
    """The subject of the rules: a service in two versions; None for a kind of contract that it has not.

    `gone` is the `.api` contract of a service that only the old version has: nothing of it is compared.
    """

    api: "ApiChange | None" = None
    gone: "Contract | None" = None
    tables: "TablesChange | None" = None
    proto: "ProtoChange | None" = None


NO_CHANGE = ServiceChange()
Rule = registry.Rule[ServiceChange]
RULES: registry.Registry[ServiceChange] = registry.Registry("mallgen.breaking.all_rules")
_ABOUT_TABLES: set[str] = set()
Part = TypeVar("Part")
Check = Callable[[Part], Iterator[Finding]]


def api_rule(
    code: str, severity: str, level: str, *, default: bool = True
) -> "Callable[[Check[ApiChange]], Check[ApiChange]]":
    """Register a function as a rule about `.api` contracts. `level` says what breaks: WIRE, SOURCE or BEHAVIOUR.

    `default=False`: only for those who select it.
    """
    return _rule(code, severity, level, lambda change: change.api, default)


def table_rule(code: str, severity: str, level: str) -> "Callable[[Check[TablesChange]], Check[TablesChange]]":
    """Register a function as a rule about tables. `level` is SOURCE for a method of a model that goes, or BEHAVIOUR."""
    _ABOUT_TABLES.add(code)
    return _rule(code, severity, level, lambda change: change.tables)


def is_about_tables(code: str) -> bool:
    """Return whether a rule is about tables, which the clients of a service do not see."""
    return code in _ABOUT_TABLES


def proto_rule(code: str, severity: str, level: str) -> "Callable[[Check[ProtoChange]], Check[ProtoChange]]":
    """Register a function as a rule about protos. `level` says what breaks: WIRE, JSON, SOURCE or BEHAVIOUR."""
    return _rule(code, severity, level, lambda change: change.proto)


def service_rule(code: str, severity: str, level: str) -> "Callable[[Check[Contract]], Check[Contract]]":
    """Register a function as a rule about `.api` contracts of services that are gone."""
    return _rule(code, severity, level, lambda change: change.gone)


def _rule(
    code: str, severity: str, level: str, part: Callable[[ServiceChange], Part | None], default: bool = True
) -> Callable[[Check[Part]], Check[Part]]:
    def register(check: Check[Part]) -> Check[Part]:
        @wraps(check)
        def run(change: ServiceChange) -> Iterator[Finding]:
            own = part(change)
            return check(own) if own is not None else iter(())

        RULES.rule(code, severity=severity, default=default, level=level)(run)
        return check

    return register
