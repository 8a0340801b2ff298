"""Cursors that nobody can forge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.errors import InvalidInput
from shared.http.pagination import CursorCodec

CODEC = CursorCodec(SecretStr("a secret"))
POSITIONS = st.lists(st.none() | st.text() | st.integers(-(2**53), 2**53))


@given(POSITIONS, st.text())
def test_a_cursor_gives_its_position_back(position: list[Any], query: str) -> None:
    cursor = CODEC.encode(position, query)
    assert cursor is not None
    assert CODEC.decode(cursor, query) == position
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(POSITIONS, st.data())
def test_a_changed_cursor_is_refused(position: list[Any], data: st.DataObject) -> None:
    cursor = CODEC.encode(position) or ""
    at = data.draw(st.integers(0, len(cursor) - 2))
    other = data.draw(st.sampled_from([c for c in "ABCab01-_" if c != cursor[at]]))
    refuse(f"{cursor[:at]}{other}{cursor[at + 1 :]}")


@given(st.text())
def test_an_invented_cursor_is_refused(cursor: str) -> None:
    refuse(cursor)


def refuse(cursor: str | None, query: str = "", codec: CursorCodec = CODEC) -> None:
    with pytest.raises(InvalidInput) as caught:
        codec.decode(cursor, query)
    assert [error.pointer for error in caught.value.errors] == ["query:cursor"]


def test_a_cursor_of_another_list_is_refused() -> None:
    refuse(CODEC.encode([1], "q=tea"), "q=coffee")
    # The query and the position cannot flow into each other.
    refuse(CODEC.encode([1], "a"), "")


def test_a_cursor_of_another_shop_is_refused() -> None:
    refuse(CODEC.encode([1]), codec=CursorCodec(SecretStr("another secret")))


def test_the_first_page_has_no_cursor_before_it_and_the_last_none_after_it() -> None:
    assert CODEC.decode(None) is None
    assert CODEC.encode(None) is None


def test_an_endless_cursor_is_refused() -> None:
    refuse("A" * 5000)
