"""The header Prefer, as RFC 7240 writes it."""

from __future__ import annotations

import pytest
from fastapi import Request

from shared.errors import InvalidInput
from shared.http.headers import PreferHeader, parse_preferences


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("wait=search", "search"),
        ('wait="search"', "search"),
        ('Wait = "search"', "search"),
        ("respond-async, wait=search", "search"),
        ('foo="a, wait=no", wait=search;x="y;z", handling=lenient', "search"),
        ("wait=search, wait=10", "search"),
        ("wait=10, wait=search", "10"),
        ('wait="se\\arch"', "search"),
        ('foo="\\"", wait=search', "search"),
        ("wait=search; foo", "search"),
        (",, ,wait=search,", "search"),
        ("wait", ""),
        ('wait=""', ""),
        ("foo; wait=search", None),
        ('foo="wait=search"', None),
        ('foo="unended, wait=search', None),
        ("", None),
        (";", None),
        ("=search", None),
    ],
)
def test_a_preference_is_found_wherever_it_stands(text: str, wait: str | None) -> None:
    assert parse_preferences(text).get("wait") == wait


async def test_several_lines_are_one_list() -> None:
    lines = [(b"prefer", b"return=minimal"), (b"prefer", b'wait="search"')]
    request = Request({"type": "http", "headers": lines})
    assert await PreferHeader("Prefer", "…")(request) == {"return": "minimal", "wait": "search"}


async def test_a_header_that_is_longer_than_documented_is_refused() -> None:
    request = Request({"type": "http", "headers": [(b"prefer", b"wait=search," * 100)]})
    with pytest.raises(InvalidInput):
        await PreferHeader("Prefer", "…")(request)
