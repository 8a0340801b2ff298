"""The document and the service agree on every limit, pattern, format and default.

Each field of each operation is sent values at, within and past what the document states. What the document
allows is not refused for that field's sake. What it does not allow is refused with 422, and the field is
named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from shared.ids import new_id
from shared.security.identity import Role
from tests.api.candidates import EASY_TO_GUESS, MADE_BY_THE_SHOP, OF_THE_SHOP, Document
from tests.api.services import SERVICES, base_request, service, service_operations
from tests.support.tokens import TokenIssuer
from trolley.openapi.operations import ApiOperation

Json = dict[str, Any]

AS_OAUTH_SAYS = {"create_token": 400, "revoke": 400}
"""The endpoints of OAuth refuse a bad form with 400 (RFC 6749, section 5.2; RFC 7009, section 2.2.1)."""

BESIDE_WHAT_IS_THERE = {"update_product": {"/attributes"}}
"""Maps whose new members are refused where there would be too many together with those that are there."""

NOT_BY_FORM_ALONE = MADE_BY_THE_SHOP | OF_THE_SHOP | EASY_TO_GUESS

STREAMS = ("application/x-ndjson", "text/csv")


@dataclass(frozen=True)
class Attempt:
    """A request that tries one value of one field. `pointer` is how an error names the field."""

    operation: ApiOperation
    pointer: str
    value: Any
    is_valid: bool
    request: Json = field(repr=False)

    def disagreement(self, answer: httpx.Response) -> str | None:
        """The disagreement of the document and the service, or None."""
        description = f"{self.operation.id} {self.pointer} = {str(self.value)[:80]!r} ({_size(self.value)})"
        assert answer.status_code < 500, description
        if answer.status_code == 429:
            return f"{description}: was never tried, the limit of requests came first"
        body = answer.json() if answer.status_code in (400, 422) else {}
        named = [error["pointer"] for error in body.get("errors", ())]
        refused = any(pointer == self.pointer or pointer.startswith(f"{self.pointer}/") for pointer in named)
        if self.is_valid and refused:
            return f"{description}: the document allows it, the service says {body['errors']}"
        expected = AS_OAUTH_SAYS.get(self.operation.id, 422)
        if not self.is_valid and (answer.status_code != expected or not refused):
            return f"{description}: the document forbids it, the service says {answer.status_code} {named}"
        return None


def _size(value: Any) -> str:
    return f"{len(value)} long" if isinstance(value, (str, list, dict)) else type(value).__name__


def attempts(document: Document, operation: ApiOperation) -> Iterator[Attempt]:
    base = base_request(document, operation)
    yield from of_parameters(document, operation, base)
    described = operation.described.get("requestBody")
    if described is None:
        return
    media_type, content = next(iter(described["content"].items()))
    if media_type in STREAMS:
        return
    for variant in document.alternatives(content["schema"]):
        for place, value in document.values(variant):
            if not isinstance(value, dict):
                continue
            if media_type != "application/json" and not is_form(value):
                continue
            if place and place[-1] in NOT_BY_FORM_ALONE and document.accepts(variant, value):
                continue
            pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in place)
            if pointer in BESIDE_WHAT_IS_THERE.get(operation.id, ()) and document.accepts(variant, value):
                continue
            if {"kind", "op"} & set(map(str, place[-1:])):
                continue  # another kind is another body, with fields of its own
            sent = {"json" if media_type == "application/json" else "data": value}
            is_valid = document.accepts(content["schema"], value)
            yield Attempt(operation, pointer, at(value, place), is_valid, {**base, **sent})


def is_form(value: Json) -> bool:
    """A form has only texts, and an empty one is the same as a missing one."""
    return all(isinstance(text, str) and text for text in value.values())


def at(value: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        present = isinstance(value, list) or step in value
        value = value[step] if present else "left out"
    return value


def of_parameters(document: Document, operation: ApiOperation, base: Json) -> Iterator[Attempt]:
    for place in ("path", "query", "header"):
        for parameter in operation.parameters(place):
            name, schema = parameter["name"], parameter["schema"]
            for value in texts(document, schema):
                is_valid = document.accepts(schema, typed(document, schema, value))
                if (is_valid and name in MADE_BY_THE_SHOP) or not can_be_sent(place, value):
                    continue
                request = {**base, **placed(place, name, value, operation, base)}
                yield Attempt(operation, f"{place}:{name}", value, is_valid, request)


def texts(document: Document, schema: Json) -> set[str]:
    kinds = {kind.get("type") for kind in document.alternatives(schema)}
    found = [value for place, value in document.values(schema) if not place]
    if kinds & {"integer", "boolean"}:
        return {str(value) for value in found if type(value) is int or value in ("text", "a b")}
    return {value for value in found if isinstance(value, str)}


def typed(document: Document, schema: Json, text: str) -> Any:
    kinds = {kind.get("type") for kind in document.alternatives(schema)}
    if "integer" in kinds and text.lstrip("-").isdecimal():
        return int(text)
    return {"true": True, "false": False}.get(text, text) if "boolean" in kinds else text


def can_be_sent(place: str, text: str) -> bool:
    if not text.strip() or "\x00" in text:
        return False  # the same as a missing one; and a NUL makes the whole request malformed
    if place == "header":
        return text.isascii() and text.isprintable()
    return place == "query" or "/" not in text


def placed(place: str, name: str, value: str, operation: ApiOperation, base: Json) -> Json:
    if place == "path":
        return {"url": operation.path.replace(f"{{{name}}}", quote(value, safe=""))}
    key = "params" if place == "query" else "headers"
    return {key: {**base[key], name: value}}


@pytest.mark.parametrize("name", SERVICES)
async def test_the_service_refuses_what_the_document_forbids_and_nothing_else(
    name: str, tmp_path: Path, nats_url: str, redis_url: str, tokens: TokenIssuer
) -> None:
    disagreements = []
    async with service(name, tmp_path, nats_url, redis_url) as (app, client):
        document = Document(app.openapi())
        for operation in service_operations(app):
            for attempt in attempts(document, operation):
                user, session = new_id(), new_id()
                token = tokens.issue(user, Role.ADMIN, session_id=session)
                headers = {"Authorization": token}
                request = {**attempt.request, "headers": {**headers, **attempt.request["headers"]}}
                found = attempt.disagreement(await client.request(**request))
                disagreements += [found] if found else []
    assert not disagreements, "\n".join(disagreements)


@pytest.mark.parametrize("name", SERVICES)
def test_every_limit_of_a_text_can_be_reached(name: str) -> None:
    """Otherwise the longest text that is tried is one that another rule forbids, and proves nothing."""
    app = SERVICES[name]({})
    document = Document(app.openapi())
    for schema in requested(document, service_operations(app)):
        limits = {schema["maxLength"]} | ({schema["minLength"]} if "minLength" in schema else set())
        for length in limits:
            assert document.accepts(schema, document.text_of(schema, length)), schema


def requested(document: Document, operations: list[ApiOperation]) -> Iterator[Json]:
    """The texts of all requests."""
    for operation in operations:
        for parameter in operation.described.get("parameters", ()):
            yield from texts_in(document, parameter["schema"])
        for media_type, content in operation.described.get("requestBody", {}).get("content", {}).items():
            if media_type not in STREAMS:
                yield from texts_in(document, content["schema"])


def texts_in(document: Document, schema: Json) -> Iterator[Json]:
    for kind in document.alternatives(schema):
        if kind.get("type") == "string" and "maxLength" in kind:
            yield kind
        within = [*kind.get("properties", {}).values(), kind.get("items"), kind.get("propertyNames")]
        within.append(kind.get("additionalProperties"))
        for part in within:
            if isinstance(part, dict):
                yield from texts_in(document, part)
