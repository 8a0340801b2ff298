"""JSON bodies that a client and the service could read in two ways are refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from shared.errors import InvalidInput, MalformedRequest, PayloadTooLarge, ShopError
from shared.http.json_body import parse_json

REPEATED = [
    ('{"quantity": 1, "quantity": 2}', "quantity"),
    ('{"quantity": 1, "quantity": 1}', "quantity"),
    ('{"operations": [{"op": "clear"}, {"op": "add", "op": "set"}]}', "op"),
    ('{"a": {"b": {"c": 1, "c": null}}}', "c"),
    ('{"note": "a:b", "id": 1, "id": 2}', "id"),
    (r'{"name": 1, "n\u0061me": 2}', "name"),
    ('{"": 1, "": 2}', ""),
    ('[{"a": 1}, {"a": 1, "a": 1}]', "a"),
    ('{"n": ' + "9" * 40 + ', "n": 1}', "n"),
    ('{"k": [' + "1," * 4000 + '1], "k": 1}', "k"),
]


@pytest.mark.parametrize(("text", "name"), REPEATED)
def test_a_name_given_twice_in_an_object_is_refused(text: str, name: str) -> None:
    with pytest.raises(MalformedRequest) as refused:
        parse_json(text.encode())
    assert f'"{name}" twice' in refused.value.detail


def test_a_long_name_given_twice_is_shortened() -> None:
    name = "x" * 5000
    with pytest.raises(MalformedRequest) as refused:
        parse_json(f'{{"{name}": 1, "{name}": 2}}'.encode())
    assert len(refused.value.detail) < 200


DEEP = 900
ONCE: list[Any] = [
    {"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 2}]},
    {"image_url": "https://shop.example:443/a?b=c:d", "name": "::"},
    {"A": 1, "a": 2, "á": 3, "a\u0301": 4},
    {"text": '{"a": 1, "a": 2}'},
    {"text": "a:b", "whole": 2.0, "half": 0.5, "large": 1e23, "small": 1e-300},
    {str(number): [":", number] for number in range(1000)},
    [],
    "a:b",
    None,
    2.0,
]


@pytest.mark.parametrize("value", ONCE)
def test_names_given_once_are_read(value: Any) -> None:
    assert parse_json(orjson.dumps(value)) == value


@pytest.mark.parametrize("end", ["1", '":"', "2.0", '{"a": 1, "a": 2}'])
def test_deep_nesting_is_read_or_refused(end: str) -> None:
    try:
        parse_json(("[" * DEEP + end + "]" * DEEP).encode())
    except ShopError as refused:
        assert refused.status in (400, 413)  # noqa: PT017  (either is right)


NOT_WHOLE = [
    "1e-400",
    "-1e-400",
    "2.00000000000000000000001",
    "1.99999999999999999999999",
    "0." + "0" * 400 + "1",
    "3e-99999999999999999999",
]


@pytest.mark.parametrize("number", NOT_WHOLE)
def test_a_fraction_that_a_double_cannot_hold_is_refused(number: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_json(f'{{"quantity": {number}}}'.encode())
    (error,) = refused.value.errors
    assert number[:32] in error.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2.0", 2),
        ("2e0", 2),
        ("20e-1", 2),
        ("0.0", 0),
        ("-0.0", 0),
        ("0e-400", 0),
        ("1E2", 100),
        ("1e23", 1e23),
    ],
)
def test_a_whole_number_may_be_written_with_a_fraction_or_an_exponent(text: str, value: float) -> None:
    assert parse_json(text.encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"{" + b",".join([b'"a":1'] * 150_000) + b"}",
        b"[2.0," + b",".join([b"1"] * 6000) + b"]",
        b'["' + b":" * 90_000 + b'"]',
    ],
    ids=["a name again and again", "a whole number among many", "a text of colons"],
)
def test_a_body_too_large_to_look_through_is_refused_first(body: bytes) -> None:
    with pytest.raises(PayloadTooLarge):
        parse_json(body)
