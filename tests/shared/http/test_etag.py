"""Entity tags (RFC 9110)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.entity_tags import EntityTags
from shared.http.etag import etag_of, not_modified, parse_entity_tags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", EntityTags(any=True)),
        (' "7" ', EntityTags(any=False, strong=frozenset({"7"}))),
        ('"7", W/"8" ,"a,b"', EntityTags(any=False, strong=frozenset({"7", "a,b"}), weak=frozenset({"8"}))),
        ('""', EntityTags(any=False, strong=frozenset({""}))),
        ('"7",, "8"', EntityTags(any=False, strong=frozenset({"7", "8"}))),
        (', ,"7" ,,', EntityTags(any=False, strong=frozenset({"7"}))),
        (',W/"7"', EntityTags(any=False, weak=frozenset({"7"}))),
    ],
)
def test_the_forms_of_a_condition(text: str, expected: EntityTags) -> None:
    assert parse_entity_tags(text) == expected


@pytest.mark.parametrize(
    "text", ["", "7", '"7', '7"', "W/7", 'w/"7"', '"7" "8"', "*, *", ",", " , ,", ",*", '"7",,8', '"a b"']
)
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(ValueError, match="entity tags"):
        parse_entity_tags(text)


def test_weak_tags_only_match_weakly() -> None:
    tags = parse_entity_tags('W/"7"')
    assert not tags.includes(7)
    assert tags.includes_weakly(7)
    assert not tags.includes_weakly(8)


def test_a_star_matches_every_version() -> None:
    assert EntityTags(any=True).includes(1)
    assert EntityTags(any=True).includes_weakly("x")


@given(st.integers(min_value=0))
def test_a_version_matches_its_own_tag(version: int) -> None:
    assert parse_entity_tags(etag_of(version)).includes(version)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    with suppress(ValueError):
        assert parse_entity_tags(text) is not None


def test_a_304_keeps_the_tag_and_what_it_is_given() -> None:
    answer = not_modified(parse_entity_tags('"7"'), 7, {"Cache-Control": "no-cache"})
    assert answer is not None
    assert (answer.status_code, answer.headers["etag"], answer.headers["cache-control"]) == (
        304,
        '"7"',
        "no-cache",
    )
    assert not_modified(None, 7) is None
