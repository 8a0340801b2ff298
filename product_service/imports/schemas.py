"""The outcome of an import."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from product_service.imports.service import ERRORS_REPORTED
from shared.http.models import LARGEST_INTEGER, Count, PublicModel
from shared.http.problem_schemas import LONGEST_TEXT, MOST_ERRORS


class FieldProblem(PublicModel):
    """What is wrong with one value."""

    pointer: Annotated[
        str,
        Field(
            max_length=LONGEST_TEXT,
            description="JSON pointer into the line (RFC 6901); empty for the whole line.",
            examples=["/price"],
        ),
    ]
    message: Annotated[
        str,
        Field(
            max_length=LONGEST_TEXT,
            description="What is wrong, in English, for people.",
            examples=["Input should be greater than or equal to 0"],
        ),
    ]


class LineProblem(PublicModel):
    """A line that was not taken."""

    line: Annotated[
        int, Field(ge=1, le=LARGEST_INTEGER, description="Number of the line, from 1.", examples=[12])
    ]
    sku: Annotated[
        str | None,
        Field(max_length=64, description="The SKU, if it could be read.", examples=["KIT-1001"]),
    ] = None
    errors: Annotated[
        list[FieldProblem], Field(max_length=MOST_ERRORS, description="What is wrong with the line.")
    ]


class ImportResult(PublicModel):
    """The outcome of the lines. Sending them again is harmless."""

    created: Annotated[Count, Field(description="Products that were added.")]
    updated: Annotated[Count, Field(description="Products that were changed.")]
    unchanged: Annotated[Count, Field(description="Products that were already as in the line.")]
    failed: Annotated[Count, Field(description="Lines that were not taken.")]
    errors: Annotated[
        list[LineProblem], Field(max_length=ERRORS_REPORTED, description="The first hundred bad lines.")
    ]
    errors_left_out: Annotated[
        Count, Field(description="Further bad lines, counted in `failed` only.", examples=[0])
    ]
