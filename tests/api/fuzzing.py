"""Calls an operation with generated requests, and holds each answer against its OpenAPI document."""

from __future__ import annotations

import asyncio
import itertools
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.candidates import BESIDE_OTHERS, EASY_TO_GUESS, MADE_BY_THE_SHOP, OF_PEOPLE, OF_THE_SHOP

schemathesis.serializer.alias("application/x-ndjson", "text/plain")

ENDING = {"once": "true"}
"""Without it an answer that streams would have no end."""

_PIECES = [
    b"", b" ", b",", b";", b"=", b"*", b'"', b"\\", b"W/", b'"7"', b'W/"7-gzip"', b"gzip", b"br",
    b"identity", b"Bearer ", b"Basic ", b"e30", b".", b"AAAA", b"eyJhbGciOiJFUzI1NiJ9",
    b"WyJb" * 400, b"wait", b"search", b"application/json", b"application/merge-patch+json",
    b"text/", b"charset", b"utf-8", b"latin-1", b"q", b"0", b"1e999", b"-1", b"00-", b"f" * 32,
    b"-" + b"a" * 16 + b"-01", b"127.0.0.1", b"[::1]", b"%00", b"\xff", b"\xe9", b"bytes=0-",
    b"Thu, 01 Jan 1970 00:00:00 GMT", b"9" * 400,
]  # fmt: skip
"""Pieces that the readers of headers look for, to be joined in any order."""

_HEADERS = [
    "Authorization", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
    "If-Range", "Range", "Prefer", "Idempotency-Key", "On-Behalf-Of", "Last-Event-ID",
    "Current-Password", "Content-Type", "Content-Encoding", "Content-Language", "Accept",
    "Accept-Encoding", "Accept-Charset", "Accept-Language", "traceparent", "tracestate", "baggage",
    "X-Request-Id", "X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "User-Agent", "Cookie",
    "Origin", "Referer", "Expect", "X-HTTP-Method-Override",
]  # fmt: skip

_VALUES = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=8).map(b"".join),
    st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60).map(
        lambda text: text.encode("latin-1")
    ),
)
HEADER_LINES = st.lists(st.tuples(st.sampled_from(_HEADERS).map(str.encode), _VALUES), max_size=6)
"""Header lines as anybody may send them: no parser of theirs may break."""

_COMBINED = [
    b"Bearer " + b"W1tb" * 330 + b".e30.AAAA",
    b"Bearer eyJhbGciOiJFUzI1NiJ9." + b"W1tb" * 330 + b".AAAA",
    b'wait="search"', b'wait="', b'wait="\\', b"wait=\xff", b'"7", W/"8-gzip"', b'"7', b"W/", b"*, *",
    b'\xc3\xa9="\xff";q=\xff', b"gzip;q=1e999", b"application/json; charset=\xff", b"for=\"[::\";by=_",
]  # fmt: skip
_VALUES_IN_TURN = itertools.cycle([*_PIECES, *_COMBINED])
_LINES = itertools.cycle(itertools.product([name.encode() for name in _HEADERS], [*_PIECES, *_COMBINED]))
_VALUES_OF_A_HEADER, _LINES_OF_AN_OPERATION = 12, 40
"""An operation gets the next so many values for each header that it reads, and the next so many lines."""

CURSORS = st.one_of(
    st.text(max_size=60), st.binary(max_size=90).map(lambda raw: urlsafe_b64encode(raw).rstrip(b"=").decode())
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    missing_required_header,
]
CHECKS_OF_MODE = {
    GenerationMode.POSITIVE: CHECKS,
    GenerationMode.NEGATIVE: [*CHECKS, negative_data_rejection],
}
"""A valid request without its optional body is not to be refused, which the last check would ask for."""


def is_stream(operation: APIOperation[Any, Any]) -> bool:
    """Whether the answer goes on until the client asks for an end."""
    return any(name in operation.query for name in ENDING)


def refused_by_form(response: httpx.Response) -> list[Any]:
    """The refused fields of a valid request, except those that only the shop's data can decide."""
    if response.status_code not in (400, 415, 422):
        return []
    problem = response.json()
    if (
        problem["type"].rpartition(":")[2] == "idempotency-key-reused"
        or problem.get("error") == "invalid_grant"
    ):
        return []
    known = MADE_BY_THE_SHOP | OF_THE_SHOP | BESIDE_OTHERS | EASY_TO_GUESS
    if "/auth/" in response.request.url.path:
        known |= OF_PEOPLE
    errors = problem.get("errors") or [problem]
    return [error for error in errors if re.split("[/:]", error.get("pointer", ""))[-1] not in known]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody signed in. `authorize` gives a token of a new session, one for each request, because some end
    theirs. `known` is what is there, by name: half of the valid requests are about it."""

    client: httpx.AsyncClient
    authorize: Callable[[], str]
    known: Mapping[str, str]

    async def fuzz(self, operation: APIOperation[Any, Any], mode: GenerationMode, examples: int) -> None:
        """Sends `examples` requests. Raises schemathesis' failure, which says how to repeat the request."""
        loop = asyncio.get_running_loop()
        needs_token = bool(operation.definition.raw["security"])

        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), informed=st.booleans())
        def check(case: schemathesis.Case, informed: bool) -> None:
            if is_stream(operation):
                case.query = {**(case.query or {}), **ENDING}
            if informed and mode is GenerationMode.POSITIVE:
                self._inform(case)
            response = asyncio.run_coroutine_threadsafe(self._send(case), loop).result(60)
            if response.status_code == httpx.codes.REQUEST_URI_TOO_LONG:
                return  # before any operation was looked for, so it is documented at none
            case.validate_response(response, checks=CHECKS_OF_MODE[mode])
            if mode is GenerationMode.POSITIVE:
                refused = refused_by_form(response)
                assert not refused, f"{case.body!r:.300} {case.query} {case.headers} {refused}"
            assert response.status_code != httpx.codes.UNAUTHORIZED or not needs_token

        await asyncio.to_thread(check)

    async def fuzz_headers(self, operation: APIOperation[Any, Any], examples: int) -> None:
        """Sends valid requests with headers that need not be, then what the headers' readers look for, in
        turn. Raises AssertionError for an answer that tells of a bug, or of an error in another form
        than a problem document."""
        loop = asyncio.get_running_loop()
        cases: list[schemathesis.Case] = []

        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            lines=HEADER_LINES,
            cursor=CURSORS,
            signed_in=st.booleans(),
        )
        def check(
            case: schemathesis.Case, lines: list[tuple[bytes, bytes]], cursor: str, signed_in: bool
        ) -> None:
            if is_stream(operation):
                case.query = {**(case.query or {}), **ENDING}
            if "cursor" in operation.query:
                case.query = {**(case.query or {}), "cursor": cursor}
            self._inform(case)
            if signed_in:
                lines = [(b"Authorization", self.authorize().encode()), *lines]
            response = asyncio.run_coroutine_threadsafe(self._send_with(case, lines), loop).result(60)
            _expect_no_bug(response)
            cases.append(case)

        await asyncio.to_thread(check)
        for name, value in _lines_for(operation):
            own = [] if name == b"Authorization" else [(b"Authorization", self.authorize().encode())]
            _expect_no_bug(await self._send_with(cases[-1], [*own, (name, value)]))

    async def _send_with(self, case: schemathesis.Case, lines: list[tuple[bytes, bytes]]) -> httpx.Response:
        request = _request_of(case)
        replaced = {name.lower() for name, _ in lines}
        usual = [(name.encode(), value.encode("latin-1")) for name, value in request.pop("headers").items()]
        headers = [*lines, *((name, value) for name, value in usual if name.lower() not in replaced)]
        return await self.client.request(**request, headers=headers)

    def _inform(self, case: schemathesis.Case) -> None:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = self.known.get(name, case.path_parameters[name])
        case.body = self._with_known(case.body)
        if "If-Match" in (case.headers or {}):
            case.headers["If-Match"] = "*"

    def _with_known(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._with_known(item) for item in value]
        if isinstance(value, dict):
            return {key: self.known.get(key) or self._with_known(item) for key, item in value.items()}
        return value

    async def _send(self, case: schemathesis.Case) -> httpx.Response:
        request = _request_of(case)
        headers = {**request.pop("headers"), "Authorization": self.authorize()}
        return await self.client.request(**request, headers=headers)


def _request_of(case: schemathesis.Case) -> dict[str, Any]:
    request: dict[str, Any] = case.as_transport_kwargs(base_url="http://test")
    request.pop("cookies", None)
    if isinstance(request.get("data"), (bytes, str)):
        request["content"] = request.pop("data")
    return request


def _lines_for(operation: APIOperation[Any, Any]) -> list[tuple[bytes, bytes]]:
    read = [
        (parameter.name.encode(), value)
        for parameter in operation.headers
        for value in itertools.islice(_VALUES_IN_TURN, _VALUES_OF_A_HEADER)
    ]
    return [*read, *itertools.islice(_LINES, _LINES_OF_AN_OPERATION)]


def _expect_no_bug(response: httpx.Response) -> None:
    assert response.status_code < httpx.codes.INTERNAL_SERVER_ERROR, response.text
    if response.status_code >= httpx.codes.BAD_REQUEST:
        assert response.headers["content-type"] == "application/problem+json", response.text
        assert response.json()["request_id"] == response.headers["x-request-id"]
