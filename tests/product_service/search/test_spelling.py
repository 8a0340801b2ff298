"""How far words may be apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from product_service.search.spelling import edits_allowed, is_within


@pytest.mark.parametrize(("word", "edits"), [("ab", 0), ("abc", 1), ("abcde", 1), ("abcdef", 2)])
def test_longer_words_may_have_more_typos(word: str, edits: int) -> None:
    assert edits_allowed(word) == edits


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("lamp", "lamp", 0),
        ("lamp", "lmap", 1),
        ("lamp", "lamps", 1),
        ("lamp", "amp", 1),
        ("lamp", "limp", 1),
        ("headphnoes", "headphones", 1),
        ("sanduku", "santoku", 2),
        ("lamp", "lantern", 5),
        ("", "ab", 2),
    ],
)
def test_edits_are_counted(first: str, second: str, distance: int) -> None:
    assert is_within(first, second, distance)
    assert is_within(second, first, distance)
    assert not is_within(first, second, distance - 1)


@given(st.text("ab", max_size=6), st.text("ab", max_size=6), st.integers(0, 3))
def test_edits_are_the_same_both_ways(first: str, second: str, edits: int) -> None:
    assert is_within(first, second, edits) == is_within(second, first, edits)
