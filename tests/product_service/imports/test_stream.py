"""Cutting a stream into lines."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from product_service.imports.stream import CHUNK_LINES, ImportLimits, LineCutter, parse_line, read_chunks
from shared.errors import PayloadTooLarge
from tests.product_service.catalogues import body, ndjson


def cut(pieces: list[bytes], longest: int) -> list[bytes | None]:
    cutter = LineCutter(longest)
    return [*(line for piece in pieces for line in cutter.feed(piece)), cutter.take()]


@given(st.lists(st.binary().map(lambda text: text.replace(b"a", b"\n"))), st.integers(0, 20))
def test_lines_do_not_depend_on_how_the_stream_was_cut(pieces: list[bytes], longest: int) -> None:
    whole = b"".join(pieces).split(b"\n")
    assert cut(pieces, longest) == [line if len(line) <= longest else None for line in whole]


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_chunks_are_bounded_by_lines_and_by_bytes() -> None:
    limits = ImportLimits(line=10_000, total=10_000_000)
    short = ndjson(body() for _ in range(CHUNK_LINES + 1))
    assert [len(chunk) async for chunk in read_chunks(stream(short), limits, "USD")] == [CHUNK_LINES, 1]
    long = ndjson(body(description="x" * 9_000) for _ in range(60))
    assert [len(chunk) async for chunk in read_chunks(stream(long), limits, "USD")] == [29, 29, 2]


async def test_lines_that_are_too_long_fill_chunks_too() -> None:
    """Otherwise a stream of them would be read into one chunk without an end."""
    long = b"x" * 11 + b"\n"
    chunks = read_chunks(stream(long * (2 * CHUNK_LINES + 50)), ImportLimits(line=10, total=10_000), "USD")
    assert [len(chunk) async for chunk in chunks] == [CHUNK_LINES, CHUNK_LINES, 50]


async def test_a_stream_is_read_up_to_its_limit() -> None:
    chunks = read_chunks(stream(b"\n" * 10, b"\n" * 11), ImportLimits(line=10, total=20), "USD")
    with pytest.raises(PayloadTooLarge):
        [chunk async for chunk in chunks]


async def test_blank_lines_count() -> None:
    chunks = read_chunks(stream(b"\n\n {}\n"), ImportLimits(line=10, total=20), "USD")
    assert [line.number async for chunk in chunks for line in chunk] == [3]


@given(st.binary())
def test_no_line_raises(line: bytes) -> None:
    assert parse_line(1, line, "USD").draft is None


def test_a_line_takes_the_currency_of_the_shop() -> None:
    parsed = parse_line(1, ndjson([body()]), "CHF")
    assert parsed.draft is not None
    assert parsed.draft.details.currency == "CHF"
