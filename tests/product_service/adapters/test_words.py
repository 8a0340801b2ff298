"""How text becomes words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from product_service.adapters.words import edits_allowed, fold, is_within, joined, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Crème BRÛLÉE", "creme brulee"),
        ("Smørrebrød", "smorrebrod"),
        ("Œuvre Æon", "oeuvre aeon"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("ﬁne", "fine"),
        ("50㎩", "50pa"),
    ],
)
def test_case_accents_and_strokes_are_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("500ml", ["500", "ml"]),
        ("500 ml", ["500", "ml"]),
        ("Chef's Knife, 20-cm", ["chef", "s", "knife", "20", "cm"]),
        ("snake_case", ["snake", "case"]),
        ("日本茶", ["日本茶"]),
        ("?! -- *", []),
    ],
)
def test_letters_and_digits_are_words_apart(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_texts_are_joined_word_by_word() -> None:
    assert joined(["Crêpe Pan", "", "28cm"]) == "crepe pan 28 cm"


@given(st.text(), st.text())
@example("㎩", "ΰ")
def test_words_of_words_are_the_same_words(first: str, second: str) -> None:
    text = joined([first, second])
    assert words(text) == text.split()


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
