"""Keys: what they look like, and that no two things share one by accident."""

import random
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

import pytest

from mallgen_runtime.cache.keys import escaped, key, own_key, own_stem, stem
from mallgen_runtime.cache.resource import table_of
from tests.hostile_texts import PAYLOADS


class Size(IntEnum):
    LARGE = 3


class Colour(StrEnum):
    RED = "red"


PLAIN = stem("cache", "order", "orders", ("id",))
FORBIDDEN = set('\0\r\n\t *?[]\\{}"\x7f\x1b')


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((42,), "cache:order:orders:id:{42}"),
        ((-1, "a"), "cache:order:orders:id:{-1:a}"),
        (("Ann Lee ",), "cache:order:orders:id:{ann%20lee}"),
        (("",), "cache:order:orders:id:{%}"),
        ((b"\x00\xff",), "cache:order:orders:id:{00ff}"),
        ((Decimal("1.50"),), "cache:order:orders:id:{1.5}"),
        ((datetime(2026, 1, 1, tzinfo=UTC),), "cache:order:orders:id:{1767225600.0}"),
        ((datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))),), "cache:order:orders:id:{1767225600.0}"),
        ((True,), "cache:order:orders:id:{1}"),
    ],
)
def test_a_key_shows_what_it_is_for(values: tuple[Any, ...], expected: str) -> None:
    assert key(PLAIN, values) == expected
    assert table_of(expected) == "cache:order:orders:"


def test_the_names_of_a_key_are_escaped_too() -> None:
    before = stem("cache", "a:b", "t{1}", ("c,d", "e"))
    assert key(before, (1,)) == "cache:a%3Ab:t%7B1%7D:c%2Cd,e:{1}"
    assert own_stem("cache", "order", "orders", "list", "a.b", "1") == "cache:order:orders:%list,a.b,1:{"


def test_no_value_looks_like_another_one_or_another_key() -> None:
    """Of two texts, and of two lists of texts, the keys differ, and none has a byte that Redis or a terminal reads."""
    chance = random.Random(1)
    texts = sorted({*PAYLOADS, *("".join(chance.choices("a:%{}A\0é ", k=chance.randrange(5))) for _ in range(3000))})
    keys = [own_key(PLAIN, (text,)) for text in texts]
    assert len(set(keys)) == len(texts)
    pairs = {(chance.choice(texts), chance.choice(texts)) for _ in range(3000)}
    assert len({own_key(PLAIN, pair) for pair in pairs}) == len(pairs)
    for one in keys:
        inner = one.removeprefix(PLAIN)
        assert one.isascii() and one.isprintable() and len(one) < 300
        assert inner.endswith("}") and not set(inner[:-1]) & FORBIDDEN


def test_words_of_other_types_make_other_keys() -> None:
    words = [
        1,
        "1",
        True,
        "True",
        1.0,
        "1.0",
        Decimal(1),
        b"1",
        "31",
        None,
        "None",
        (1,),
        ("1",),
        "(1,)",
        "%tint=1",
        "",
    ]
    keys = [own_key(PLAIN, given) for word in words for given in ((word,), (word, "a"), ("a", word))]
    assert len(set(keys)) == len(keys)
    assert own_key(PLAIN, ("a", 1)) == f"{PLAIN}a:%tint=1}}"
    assert own_key(PLAIN, (Size.LARGE, Colour.RED)) == own_key(PLAIN, (3, "red")), "they are equal"
    long = [own_key(PLAIN, ("x" * 300, word)) for word in words]
    assert len(set(long)) == len(long)


def test_texts_that_a_collation_may_hold_to_be_equal_have_one_key() -> None:
    for texts in (["Straße", "STRASSE", "strasse "], ["é", "E", "e\u0301"], ["Ａ１", "a1"]):
        assert len({key(PLAIN, (text,)) for text in texts}) == 1


def test_a_prefix_ends_a_name() -> None:
    assert escaped("a*b?") == "a%2Ab%3F"
