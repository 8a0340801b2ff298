"""Entity tags and conditional requests (RFC 9110, sections 8.8.3 and 13).

A strong tag names one representation, and the gateway compresses answers for clients that accept gzip. Those
clients get the tag with a suffix: `"7-gzip"`, for a cart `"7-<digest>-gzip"`. A request may name either tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from shared.entity_tags import EntityTags, Version
from shared.http.headers import RequestHeader

_TAG = re.compile(r'[\s,]*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,[\s,]*|$)')
"""One of a list. Empty elements of a list are to be passed over (RFC 9110, section 5.6.1.2)."""
_TAGS = r'^([ \t]*\*[ \t]*|[ \t,]*((W/)?"[\x21\x23-\x7e\x80-\xff]*"[ \t]*(,[ \t,]*|$))+)$'
"""What `parse_entity_tags` takes, for the document."""
_CODED = "-gzip"
_CODED_END = f'{_CODED}"'.encode()

RawHeaders = Iterable[tuple[bytes, bytes]]


def etag_of(version: Version) -> str:
    """The strong entity tag of a version: `"7"`."""
    return f'"{version}"'


def for_coding(headers: RawHeaders, *, gzip: bool) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with an `ETag`, for a client that accepts gzip or does not."""
    coded = [
        (name, value[:-1] + _CODED_END if gzip and name == b"etag" else value) for name, value in headers
    ]
    return [*coded, (b"vary", b"accept-encoding")]


def without_coding(tag: str) -> str:
    """The tag's version."""
    return tag.removesuffix(_CODED)


def parse_entity_tags(text: str) -> EntityTags:
    """Raises ValueError where the text is neither `*` nor a list of entity tags."""
    if text.strip() == "*":
        return EntityTags(any=True)
    strong: set[str] = set()
    weak: set[str] = set()
    position = 0
    while position < len(text):
        match = _TAG.match(text, position)
        if match is None:
            raise ValueError('Expected * or a list of entity tags such as "7".')
        (weak if match[1] else strong).add(without_coding(match[2]))
        position = match.end()
    if not strong and not weak:
        raise ValueError("The list of entity tags is empty.")
    return EntityTags(any=False, strong=frozenset(strong), weak=frozenset(weak))


class ConditionHeader(RequestHeader):
    """`If-Match` or `If-None-Match`: gives `EntityTags`, or None without the header."""

    async def __call__(self, request: Request) -> Any:
        text = self.read(request)
        if text is None:
            return None
        try:
            return parse_entity_tags(text)
        except ValueError as error:
            raise self.invalid(str(error)) from error


if_match = ConditionHeader(
    "If-Match", "Only change this version: the ETag of your last read.", example='"7"', pattern=_TAGS
)
if_match_required = ConditionHeader(
    "If-Match",
    "Only change this version: the ETag of your last read. `*` changes whatever version there is.",
    example='"7"',
    pattern=_TAGS,
    required=True,
)
if_none_match = ConditionHeader(
    "If-None-Match", "Answers 304 while this is still the version.", example='"7"', pattern=_TAGS
)

IfMatchDep = Annotated[EntityTags | None, Depends(if_match)]
IfMatchRequiredDep = Annotated[EntityTags | None, Depends(if_match_required)]
IfNoneMatchDep = Annotated[EntityTags | None, Depends(if_none_match)]


def not_modified(
    condition: EntityTags | None, version: Version, headers: Mapping[str, str] | None = None
) -> Response | None:
    """The 304 to answer with, when the client has this version already."""
    if condition is None or not condition.includes_weakly(version):
        return None
    return Response(status_code=304, headers={"ETag": etag_of(version), **(headers or {})})
