"""Reads an import: newline-delimited JSON, in chunks of whole lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from product_service.imports.service import ImportLine
from product_service.products.schemas import ProductCreate
from shared.errors import FieldError, InvalidInput, MalformedRequest, PayloadTooLarge
from shared.http.json_body import BYTE_ORDER_MARK, parse_json
from shared.http.validation import from_validation_error

CHUNK_LINES = 100
MOST_LINES = 500_000
"""Blank and bad lines count, too: a few bytes of gzip can contain millions of them."""
_CHUNK_BYTES = 262_144
"""A chunk is parsed at once, so this limits how long the event loop is blocked."""
_PIECE_BYTES = 16_384
_LONGEST_SKU_SHOWN = 64
_ERRORS_OF_A_LINE = 20


@dataclass(frozen=True, slots=True)
class ImportLimits:
    """The largest line and the largest import, in bytes."""

    line: int
    total: int


class LineCutter:
    """Splits a stream of bytes into lines. It never keeps more of a line than the limit."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._parts: list[bytes] = []
        self._length = 0

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """The lines that end in `data`, without their line end. None for a line that is too long."""
        *ended, rest = data.split(b"\n")
        for part in ended:
            self._keep(part)
            yield self.take()
        self._keep(rest)

    def take(self) -> bytes | None:
        """Ends the present line and returns it."""
        line = None if self._length > self._longest else b"".join(self._parts)
        self._parts, self._length = [], 0
        return line

    def _keep(self, part: bytes) -> None:
        self._length += len(part)
        if self._length > self._longest:
            self._parts.clear()
        elif part:
            self._parts.append(part)


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream in small pieces. Other tasks run between two of them."""
    async for data in stream:
        for start in range(0, len(data), _PIECE_BYTES):
            if start:
                await asyncio.sleep(0)
            yield data[start : start + _PIECE_BYTES]


async def read_lines(stream: AsyncIterator[bytes], limits: ImportLimits) -> AsyncIterator[bytes | None]:
    """The lines of the stream. None for a line that is too long. Raises `PayloadTooLarge`."""
    cutter, read = LineCutter(limits.line), 0
    async for data in _pieces(stream):
        read += len(data)
        if read > limits.total:
            raise PayloadTooLarge(
                f"The import is larger than {limits.total} bytes (PRODUCTS_IMPORT_TOTAL_BYTES). `report` says"
                " what was taken; send the rest by itself."
            )
        for line in cutter.feed(data):
            yield line
    yield cutter.take()


async def read_chunks(
    stream: AsyncIterator[bytes], limits: ImportLimits, shop_currency: str
) -> AsyncIterator[list[ImportLine]]:
    """The lines as drafts or with their errors. Blank lines are counted and left out. Raises
    `PayloadTooLarge`."""
    chunk: list[ImportLine] = []
    number = size = 0
    async for line in read_lines(stream, limits):
        number += 1
        if number > MOST_LINES:
            yield chunk
            raise PayloadTooLarge(
                f"The import has more than {MOST_LINES} lines. `report` says what was taken; send the rest by"
                " itself."
            )
        if line is None:
            chunk.append(_too_long(number, limits.line))
        elif text := (line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line).strip():
            size += len(text)
            chunk.append(parse_line(number, text, shop_currency))
        if len(chunk) >= CHUNK_LINES or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
            await asyncio.sleep(0)  # a chunk of bad lines makes the consumer wait for nothing
    yield chunk


def parse_line(number: int, line: bytes, shop_currency: str) -> ImportLine:
    """Parses one line. It never raises."""
    try:
        body = parse_json(line, "line")
    except (MalformedRequest, PayloadTooLarge, InvalidInput) as error:
        return ImportLine(number, None, errors=error.errors or [FieldError("", error.detail)])
    try:
        draft = ProductCreate.model_validate(body).draft(shop_currency)
    except ValidationError as error:
        return ImportLine(number, _sku_of(body), errors=_field_errors(error, body))
    return ImportLine(number, draft.sku, draft)


def _field_errors(error: ValidationError, body: Any) -> tuple[FieldError, ...]:
    located = [{**found, "loc": ("body", *found["loc"])} for found in error.errors(include_url=False)]
    return from_validation_error(RequestValidationError(located, body=body)).errors[:_ERRORS_OF_A_LINE]


def _sku_of(body: Any) -> str | None:
    sku = body.get("sku") if isinstance(body, dict) else None
    return sku[:_LONGEST_SKU_SHOWN] if isinstance(sku, str) else None


def _too_long(number: int, longest: int) -> ImportLine:
    message = f"The line is longer than {longest} bytes (PRODUCTS_IMPORT_LINE_BYTES)"
    return ImportLine(number, None, errors=[FieldError("", message)])
