"""Names are visible, and stay as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.accounts.names import clean_name
from tests.auth_service.accounts.test_emails import INVISIBLE

REAL_NAMES = [
    "Ana Martínez",
    "O'Neil-Smith, Jr.",
    "李小龍",
    "葛\U000e0100城",
    "Nguyễn Thị",
    "עִבְרִית",
    "علی\u200cرضا",
    "शर्\u200dमा",
    "ශ්\u200dරී",
    "བོད་སྐད",
    "Zoë 👩\u200d🍳",
    "👩🏽\u200d🚒",
    "🏳\ufe0f\u200d🌈",
    "🙂\u200d↔\ufe0f",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "🫨",
    "x" * 100,
]


@pytest.mark.parametrize("name", REAL_NAMES)
def test_a_name_stays_as_it_is_written(name: str) -> None:
    assert clean_name(name) == name


def test_a_name_is_trimmed_and_composed() -> None:
    assert clean_name(" Jose\u0301 ") == "José"


@pytest.mark.parametrize(
    "text", ["", " ", "\u00a0\u2003\u3000", "\u200b", "\u3164\u3164", "\u2800", "\u200d"]
)
def test_a_name_is_never_blank_to_the_eye(text: str) -> None:
    with pytest.raises(ValueError, match="A name has"):
        clean_name(text)


@pytest.mark.parametrize("character", [*INVISIBLE, "\n", "\r", "\t"])
def test_what_nobody_sees_is_no_part_of_a_name(character: str) -> None:
    for text in (f"{character}Ana", f"A{character}na", f"Ana{character}"):
        with pytest.raises(ValueError, match="invisible"):
            clean_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "a\u200db",
        "👩\u200d",
        "\u200d👩",
        "👩\u200d\u200d🍳",
        "A\ufe0f",
        "ب\u200d",
        "a\U000e0100",
        "🏴\U000e0067",
        "👩\U000e0067\U000e007f",
        "\u2800\ufe0f",
        "\u2800\u200d\u2800",
    ],
)
def test_a_joiner_without_what_it_joins_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invisible"):
        clean_name(text)


@pytest.mark.parametrize("text", ["\u0301", " \u0301", "a" + "\u0301" * 10, "a\u20e3" * 20 + "\u20e3" * 9])
def test_marks_do_not_pile_up(text: str) -> None:
    with pytest.raises(ValueError, match="accents"):
        clean_name(text)


@pytest.mark.parametrize("text", ["x" * 101, "x" * 54_000, "e" + "\u0301" * 54_000])
def test_a_name_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        clean_name(text)


@given(st.text(max_size=100))
def test_the_form_of_a_form_is_the_form(text: str) -> None:
    with suppress(ValueError):  # of a text that is no name
        name = clean_name(text)
        if len(name) <= 100:
            assert clean_name(name) == name
