"""Words of `validate` tags that name other fields, and `datetime`; each answer is go-playground's (v10.27)."""

from typing import Annotated, Any

import msgspec
import pytest

from mallgen_runtime.schema import Struct, Validate
from mallgen_runtime.schema.go_time import is_written
from mallgen_runtime.schema.validation import wrong_fields

KINDS: dict[str, tuple[Any, Any]] = {
    "kind": (str, ""),
    "num": (int, 0),
    "on": (bool, False),
    "ptr": (int | None, None),
    "rows": (list[str], []),
}


def refused(rules: str, value: Any, of: Any = None, **others: Any) -> str:
    """Return the reason against a value whose struct has these fields beside it, empty when there is none."""
    of = of or type(value)
    rows = [(name, kind, msgspec.field(default=default)) for name, (kind, default) in KINDS.items() if name != "rows"]
    rows.append(("rows", list[str], msgspec.field(default_factory=list)))
    made = msgspec.defstruct("S", [("it", Annotated[of, Validate(rules)]), *rows], bases=(Struct,))
    found = wrong_fields(made(it=value, **others))
    return found[0].reason if found else ""


@pytest.mark.parametrize(
    ("rules", "others", "good", "bad"),
    [
        ("eqfield=kind", {"kind": "中"}, ["中"], ["", "a"]),
        ("nefield=kind", {"kind": "a"}, ["", "b"], ["a"]),
        ("gtfield=kind", {"kind": "ab"}, ["abc", "中"], ["", "zz"]),
        ("gtefield=kind", {"kind": "ab"}, ["zz", "abc"], ["z"]),
        ("ltfield=kind", {"kind": "ab"}, ["", "z"], ["ab", "中"]),
        ("ltefield=kind", {"kind": "ab"}, ["zz"], ["abc"]),
        ("eqfield=num", {"num": 3}, [3], [0]),
        ("gtfield=num", {"num": 3}, [4], [3, -1]),
        ("ltefield=num", {"num": 3}, [3, -1], [4]),
        ("eqfield=ptr", {}, [], [0, 5]),
        ("nefield=ptr", {}, [0, 5], []),
        ("gtfield=ptr", {}, [], [5]),
        ("eqfield=ptr", {"ptr": 5}, [5], [0]),
        ("eqfield=on", {"on": True}, [True], [False]),
        ("required_if=kind card num 3", {"kind": "card", "num": 3}, ["a"], [""]),
        ("required_if=kind card num 3", {"kind": "card", "num": 4}, ["", "a"], []),
        ("required_if=on true", {"on": True}, [1], [0]),
        ("required_if=kind 'two words'", {"kind": "two words"}, ["a"], [""]),
        ("required_if=ptr 5", {"ptr": 5}, ["a"], [""]),
        ("required_if=ptr 5", {}, [""], []),
        ("required_unless=kind card num 3", {"kind": "card"}, [""], []),
        ("required_unless=kind card num 3", {"kind": "b"}, ["a"], [""]),
        ("required_with=kind num", {"num": 1}, ["a"], [""]),
        ("required_with=kind num", {}, [""], []),
        ("required_with=ptr", {"ptr": 0}, ["a"], [""]),
        ("required_with=rows", {"rows": ["a"]}, ["a"], [""]),
        ("required_with_all=kind num", {"num": 1}, [""], []),
        ("required_with_all=kind num", {"num": 1, "kind": "a"}, ["a"], [""]),
        ("required_without=kind num", {"num": 1}, ["a"], [""]),
        ("required_without=kind num", {"num": 1, "kind": "a"}, [""], []),
        ("required_without_all=kind num", {"num": 1}, [""], []),
        ("required_without_all=kind num", {}, ["a"], [""]),
        ("required_if=kind card,omitempty,len=4", {"kind": "card"}, ["4444"], ["", "44"]),
        ("required_if=kind card,omitempty,len=4", {}, ["4444", ""], ["44"]),
    ],
)
def test_other_fields_are_looked_at(rules: str, others: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if refused(rules, value, **others)] == []
    assert [value for value in bad if not refused(rules, value, **others)] == []


def test_a_pointer_is_there_when_it_is_sent() -> None:
    pointer = int | None
    assert refused("required_if=kind card", None, pointer, kind="card") == "is required when `kind` is card"
    assert refused("required_if=kind card", 0, pointer, kind="card") == ""
    assert refused("required_if=kind card,gt=3", None, pointer) == ""
    assert refused("required", 0, pointer) == ""
    assert refused("required", None, pointer) == "is required"
    assert refused("eqfield=num", None, pointer) == "is required"
    assert refused("omitempty,eqfield=num", None, pointer) == ""


def test_reasons_have_the_names_on_the_wire() -> None:
    assert refused("eqfield=kind:theKind", "a") == "must equal `theKind`"
    assert refused("gtfield=kind:theKind", "", kind="a") == "must be longer than `theKind`"
    assert refused("ltefield=num", 4, num=3) == "must be at most `num`"
    assert refused("required_without_all=kind:theKind num", "") == "is required without `theKind` and `num`"
    assert refused("required_unless=kind a num 3", "") == "is required unless `kind` is a or `num` is 3"
    assert refused("datetime=2006-01-02", "soon") == "must be a time written as 2006-01-02"


@pytest.mark.parametrize(
    ("layout", "good", "bad"),
    [
        ("2006-01-02", ["2024-02-29", "0000-02-29"], ["2023-02-29", "2024-13-01", "2024-1-2", "", "2024-01-02 "]),
        ("2006-01-02 15:04:05", ["2024-01-02 5:04:05", "2024-01-02 15:04:05.123"], ["2024-01-02 24:00:00"]),
        ("2006-01-02T15:04:05Z07:00", ["2024-01-02T15:04:05Z", "2024-01-02T15:04:05+08:00"], ["2024-01-02T15:04:05"]),
        ("2006-01-02T15:04:05Z07:00", ["2024-01-02T15:04:05.5Z"], ["2024-01-02T15:04:05+25:00"]),
        ("2006-01-02T15:04:05.000Z07:00", ["2024-01-02T15:04:05.123Z"], ["2024-01-02T15:04:05.5Z"]),
        ("January 2, 2006", ["january 31, 2024"], ["April 31, 2024", "Jan 3, 2024"]),
        ("1/2/2006 3:04 PM", ["12/31/2006 12:59 AM"], ["1/2/2006 13:04 PM", "1/2/2006 3:04 pm"]),
        ("Jan _2 15:04:05", ["Jan  5 10:11:12", "Feb 29 10:11:12"], ["Feb 30 10:11:12"]),
        ("06/1/2", ["72/2/29", "68/12/31"], ["70/2/29"]),
        ("Mon, 02 Jan 2006 15:04:05 -0700", ["Tue, 02 Jan 2006 15:04:05 +0000"], ["Xue, 02 Jan 2006 15:04:05 +0000"]),
    ],
)
def test_times_are_read_as_go_does(layout: str, good: list[str], bad: list[str]) -> None:
    holds = is_written(layout)
    assert [text for text in good if not holds(text)] == []
    assert [text for text in bad if holds(text)] == []
