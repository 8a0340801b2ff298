"""Calls an operation with generated requests, and holds each answer against its OpenAPI document."""

from __future__ import annotations

import asyncio
import re
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

from tests.api.candidates import BESIDE_OTHERS, MADE_BY_THE_SHOP, OF_THE_SHOP

schemathesis.serializer.alias("application/x-ndjson", "text/plain")

ENDING = {"once": "true"}
"""Without it an answer that streams would have no end."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    missing_required_header,
]


def is_stream(operation: APIOperation[Any, Any]) -> bool:
    """Whether the answer goes on until the client asks for an end."""
    return any(name in operation.query for name in ENDING)


def refused_by_form(response: httpx.Response) -> list[Any]:
    """The fields of a valid request that are refused all the same, but for what only the shop can know."""
    if response.status_code not in (400, 415, 422):
        return []
    problem = response.json()
    if problem["type"].rpartition(":")[2] == "idempotency-key-reused":
        return []
    known = MADE_BY_THE_SHOP | OF_THE_SHOP | BESIDE_OTHERS
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
        """Sends `examples` requests. Raises schemathesis' failure, which says what to repeat."""
        loop = asyncio.get_running_loop()
        needs_token = bool(operation.definition.raw["security"])

        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), informed=st.booleans())
        def check(case: schemathesis.Case, informed: bool) -> None:
            if is_stream(operation):
                case.query = {**(case.query or {}), **ENDING}
            if informed and mode is GenerationMode.POSITIVE:
                self._inform(case)
            response = asyncio.run_coroutine_threadsafe(self._send(case), loop).result(30)
            case.validate_response(response, checks=CHECKS)
            if mode is GenerationMode.POSITIVE:
                refused = refused_by_form(response)
                assert not refused, f"{case.body!r:.300} {case.query} {case.headers} {refused}"
            assert response.status_code != httpx.codes.UNAUTHORIZED or not needs_token

        await asyncio.to_thread(check)

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
        request = case.as_transport_kwargs(base_url="http://test")
        request.pop("cookies", None)
        headers = {**request.pop("headers"), "Authorization": self.authorize()}
        if isinstance(request.get("data"), (bytes, str)):
            request["content"] = request.pop("data")
        return await self.client.request(**request, headers=headers)
