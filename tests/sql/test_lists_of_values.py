"""A tuple among the values of a statement is the list of an IN."""

import pytest

from mallgen_runtime.sql.connection import Dialect
from mallgen_runtime.sql.statement import MOST_LISTED, for_values


def test_a_tuple_is_spread_and_padded_to_a_power_of_two() -> None:
    text, values = for_values(
        'SELECT 1 FROM "t" WHERE a = ? AND b IN (?) AND c = ?', Dialect.POSTGRES, (1, (5, 6, 7), 2)
    )
    assert text == 'SELECT 1 FROM "t" WHERE a = $1 AND b IN ($2, $3, $4, $5) AND c = $6'
    assert list(values) == [1, 5, 6, 7, 7, 2]


def test_an_empty_list_finds_nothing() -> None:
    assert for_values("a IN (?)", Dialect.SQLITE, ((),)) == ("a IN (?)", [None])


def test_a_placeholder_within_a_string_takes_no_list() -> None:
    assert for_values("a = '?' AND b IN (?)", Dialect.MYSQL, ((1, 2),)) == ("a = '?' AND b IN (%s, %s)", [1, 2])


def test_a_list_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match=f"at most {MOST_LISTED} values, not {MOST_LISTED + 1}"):
        for_values("a IN (?)", Dialect.SQLITE, (tuple(range(MOST_LISTED + 1)),))


def test_a_value_too_many_is_refused() -> None:
    with pytest.raises(ValueError, match="has 1 placeholders, and 2 values came"):
        for_values("a IN (?)", Dialect.SQLITE, ((1, 2), 3))
