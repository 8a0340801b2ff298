"""The types of the fields of a product, with their validation and documentation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, StrictInt, StringConstraints, WithJsonSchema

from product_service.products.model import MAX_ATTRIBUTES, Attribute
from shared.http.models import WHOLE

VISIBLE_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
"""One line without control characters that is not blank."""

_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""Text without control characters other than tabs and line ends."""
_LARGEST_NUMBER = 2**53 - 1  # every JSON reader reads it exactly (RFC 8259, section 6)
_LONGEST_ATTRIBUTE, _LONGEST_ATTRIBUTE_NAME = 500, 64
_CONTROL = {chr(code) for code in [*range(9), 11, 12, *range(14, 32), 127]}


def _line(longest: int) -> StringConstraints:
    return StringConstraints(min_length=1, max_length=longest, pattern=VISIBLE_LINE)


Sku = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
    Field(
        description="Your own number of the product; unique without regard to case.", examples=["KIT-1014"]
    ),
]
Name = Annotated[
    str,
    _line(200),
    AfterValidator(str.strip),
    Field(description="The name that shoppers see.", examples=["Crêpe Pan 28 cm with Spreader"]),
]
Description = Annotated[
    str,
    StringConstraints(max_length=10_000, pattern=_LINES),
    Field(
        description="Plain text.",
        examples=["A flat, low-rimmed pancake pan with a beechwood spreader and a turning spatula."],
    ),
]
Brand = Annotated[
    str,
    StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"),
    AfterValidator(str.strip),
    Field(description="Empty: no brand.", examples=["Petit Foyer"]),
]


def _without_repeats(categories: list[str]) -> list[str]:
    return list(dict.fromkeys(categories))


Categories = Annotated[
    list[Annotated[str, _line(100), AfterValidator(str.strip)]],
    Field(max_length=20, description="From the general to the special.", examples=[["Kitchen", "Cookware"]]),
    AfterValidator(_without_repeats),
]
ImageUrl = Annotated[
    str,
    StringConstraints(
        max_length=2048, pattern=r'^(https?://[^\s/"<>\\][^\s"<>\\]*|/([^\s/"<>\\][^\s"<>\\]*)?)$'
    ),
    Field(description="An http(s) address, or a path on this host.", examples=["/images/crepe-pan.webp"]),
]
OptionalImageUrl = Annotated[
    ImageUrl | None, Field(description="An http(s) address, or a path on this host; null without a picture.")
]
Price = Annotated[
    StrictInt,
    Field(ge=0, le=10**9, description="In minor units of the currency: 3650 is 36.50.", examples=[3650]),
    WHOLE,
]
Currency = Annotated[
    str,
    StringConstraints(max_length=3, pattern="^[A-Z]{3}$"),
    Field(description="ISO 4217; the shop sells in one currency.", examples=["USD"]),
]
Stock = Annotated[
    StrictInt, Field(ge=0, le=10**9, description="Pieces that can be sold.", examples=[36]), WHOLE
]


def _attribute(value: Any) -> Attribute:
    """JSON text, a number or a boolean, of a size that every reader reads exactly."""
    match value:
        case bool():
            return value
        case int() | float() if abs(value) <= _LARGEST_NUMBER:
            return value
        case str() if len(value) <= _LONGEST_ATTRIBUTE and _CONTROL.isdisjoint(value) and _is_unicode(value):
            return value
    raise ValueError(
        f"must be true, false, a number up to 2^53 - 1, or text of at most {_LONGEST_ATTRIBUTE} characters"
    )


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


_ATTRIBUTE_SCHEMA = {
    "anyOf": [
        {
            "type": "string",
            "maxLength": _LONGEST_ATTRIBUTE,
            "pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
        },
        {"type": "number", "minimum": -_LARGEST_NUMBER, "maximum": _LARGEST_NUMBER},
        {"type": "boolean"},
    ]
}


_CHANGE_SCHEMA = {"anyOf": [*_ATTRIBUTE_SCHEMA["anyOf"], {"type": "null"}]}


def _attribute_or_null(value: Any) -> Attribute | None:
    return None if value is None else _attribute(value)


AttributeName = Annotated[
    str, StringConstraints(min_length=1, max_length=_LONGEST_ATTRIBUTE_NAME, pattern=VISIBLE_LINE)
]
AttributeValue = Annotated[Attribute, PlainValidator(_attribute), WithJsonSchema(_ATTRIBUTE_SCHEMA)]


def _attributes_schema(title: str, description: str, most: int, value: dict[str, Any]) -> WithJsonSchema:
    """Pydantic's own schema would not limit names that do not match the pattern."""
    names = {"type": "string", "minLength": 1, "maxLength": _LONGEST_ATTRIBUTE_NAME, "pattern": VISIBLE_LINE}
    return WithJsonSchema(
        {
            "title": title,
            "description": description,
            "type": "object",
            "maxProperties": most,
            "propertyNames": names,
            "additionalProperties": value,
        }
    )


Attributes = Annotated[
    dict[AttributeName, AttributeValue],
    _attributes_schema(
        "Attributes", "Names and plain values, searched too.", MAX_ATTRIBUTES, _ATTRIBUTE_SCHEMA
    ),
    Field(
        max_length=MAX_ATTRIBUTES,
        examples=[{"diameter_cm": 28, "induction": True}],
    ),
]
AttributeChange = Annotated[
    Attribute | None,
    PlainValidator(_attribute_or_null),
    WithJsonSchema(_CHANGE_SCHEMA),
]
AttributesPatch = Annotated[
    dict[AttributeName, AttributeChange],
    _attributes_schema(
        "AttributesPatch",
        "Merged into the attributes; null removes one.",
        2 * MAX_ATTRIBUTES,
        _CHANGE_SCHEMA,
    ),
    Field(
        max_length=2 * MAX_ATTRIBUTES,
        examples=[{"diameter_cm": 30, "induction": None}],
    ),
]

EditableStatus = Annotated[
    Literal["draft", "active", "archived"],
    Field(description="Only active products are public and on sale.", examples=["active"]),
]
