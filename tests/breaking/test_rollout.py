"""The order of a rollout, from findings alone."""

from mallgen.breaking.phases import AFTER, ANY_TIME, BEFORE, Phase, phase_of, releases
from mallgen.breaking.policy import Judgement
from mallgen.breaking.rollout import rollout
from mallgen.diagnostics import Diagnostic
from mallgen.rules import Found

USES = {"mall-api": ("product", "order"), "product": (), "order": ("product",)}


def said(service: str, code: str, message: str, severity: str = "error", phase: Phase = ANY_TIME) -> Judgement:
    found = Diagnostic(code, message, severity=severity, facts=phase.facts((service,)))
    return Judgement(Found(found, ()), service)


def test_a_phase_is_read_from_its_lines() -> None:
    for phase in (AFTER, BEFORE, releases("this", "that")):
        assert phase_of(phase.facts(("order", "mall-api"))) == phase
    assert phase_of((("affects", "order"),)) is None and ANY_TIME.facts(("order",)) == ()


def test_nothing_asks_for_an_order() -> None:
    assert rollout([], USES) == []
    assert rollout([said("mall-api", "response-field-removed", "gone")], USES) == []
    assert rollout([said("other", "proto-rpc-added", "new", "info")], USES) == []


def test_a_service_comes_before_each_that_calls_it() -> None:
    assert rollout([said("product", "proto-rpc-added", "`Get` is new", "info")], USES) == [
        "product before mall-api, where it uses what is new: `Get` is new",
        "product before order, where it uses what is new: `Get` is new",
    ]


def test_what_goes_comes_after_those_that_used_it() -> None:
    found = [said("order", "proto-rpc-removed", f"`{name}` is gone") for name in ("A", "B", "C", "C")]
    assert rollout(found, USES) == [
        "mall-api before order, and without what goes: `A` is gone; `B` is gone; and 1 more"
    ]


def test_another_type_on_the_wire_needs_two_releases() -> None:
    found = rollout([said("order", "proto-field-type-wire-incompatible", "`A.x` was text")], USES)
    assert found[0] == "order needs two releases around mall-api: `A.x` was text"
    assert [line.partition(":")[0] for line in found[1:]] == ["  release 1", "  release 2"]


def test_names_and_reservations_ask_for_no_order() -> None:
    codes = (
        "proto-field-renamed",
        "proto-field-number-not-reserved",
        "proto-reserved-removed",
        "proto-message-renamed",
    )
    assert rollout([said("order", code, "…") for code in codes], USES) == []


def test_tables_come_before_or_after_or_in_two_parts() -> None:
    added = said("order", "column-added", "`t.a` is new", "info", BEFORE)
    gone = said("order", "column-dropped", "`t.b` is gone", phase=AFTER)
    assert rollout([added], USES) == ["migration first, then order: `t.a` is new"]
    assert rollout([gone], USES) == ["order first, then the migration: `t.b` is gone"]
    assert rollout([added, gone], USES) == [
        "migration in two parts around order",
        "  before: `t.a` is new",
        "  after: `t.b` is gone",
    ]


def test_services_in_a_circle_are_each_told_once() -> None:
    found = rollout([said("a", "proto-rpc-added", "`Get` is new", "info")], {"a": ("b",), "b": ("a",)})
    assert found == ["a before b, where it uses what is new: `Get` is new"]
