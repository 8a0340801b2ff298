"""A request's headers, by name."""

from __future__ import annotations

from fastapi import Request

from shared.http.headers import RequestHeader, headers_of

LINES = [(b"if-match", b'"1"'), (b"accept", b"*/*"), (b"if-match", b'"2"')]


def request_with(lines: list[tuple[bytes, bytes]]) -> Request:
    return Request({"type": "http", "headers": lines})


def test_lines_of_one_name_are_joined_in_their_order() -> None:
    assert headers_of(request_with(LINES)) == {b"if-match": b'"1", "2"', b"accept": b"*/*"}


def test_they_are_looked_through_once() -> None:
    request = request_with(LINES)
    assert headers_of(request) is headers_of(Request(request.scope))


def test_a_header_is_read_whole() -> None:
    header = RequestHeader("If-Match", "…")
    assert header.read(request_with(LINES)) == '"1", "2"'
    assert header.read(request_with(LINES[1:2])) is None
