"""How text becomes words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.text import fold, joined, name_key, words


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Home & Garden", "home garden"),
        ("Smørrebrød", "SMORREBROD"),
        ("Café", "Cafe\u0301"),
        ("Wash-Up", "wash up"),
        ("  Kitchen ", "kitchen"),
        ("T\u0130LE", "tile"),
        ("***", " *** "),
    ],
)
def test_names_that_are_one_to_people_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_names_without_letters_and_digits_are_still_told_apart() -> None:
    assert name_key("***") != name_key("!!!")
