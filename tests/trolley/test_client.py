"""Failures as text for a person."""

from __future__ import annotations

import httpx
import pytest

from trolley.client import describe_problem, require_success, shop_client
from trolley.errors import CommandFailed
from trolley.local.ports import free_port


def test_a_problem_document_tells_the_fields() -> None:
    problem = {
        "title": "Invalid input",
        "detail": "Correct the fields.",
        "errors": [{"pointer": "/quantity", "message": "at least 1"}],
    }
    response = httpx.Response(422, json=problem, headers={"Content-Type": "application/problem+json"})
    assert describe_problem(response) == "422 Invalid input: Correct the fields.\n  /quantity: at least 1"


def test_anything_else_is_told_as_it_came() -> None:
    assert describe_problem(httpx.Response(502, text="Bad Gateway")) == "502 Bad Gateway: Bad Gateway"


def test_success_gives_the_decoded_answer() -> None:
    assert require_success(httpx.Response(200, json={"items": []})) == {"items": []}
    assert require_success(httpx.Response(204)) is None


async def test_a_shop_that_is_not_there_is_named_with_the_way_to_start_it() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(CommandFailed, match=f"{address} does not answer .*make run"):
        async with shop_client(address) as client:
            await client.get("/")
