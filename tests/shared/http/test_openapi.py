"""The document lists everything that an operation can answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.shared.http.demo import DemoSettings, create_app

PREFIX = "/api/v1/demo"
EVERYWHERE = {"414", "422", "429", "431", "502", "503"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(DemoSettings()).openapi()


def operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][f"{PREFIX}{path}"][method]
    return found


def test_operation_ids_are_the_names_of_the_routes(document: dict[str, Any]) -> None:
    ids = [op["operationId"] for path in document["paths"].values() for op in path.values()]
    assert "create_demo" in ids
    assert len(ids) == len(set(ids))


def test_only_the_api_and_its_health_are_described(document: dict[str, Any]) -> None:
    assert all(path.startswith(PREFIX) for path in document["paths"])
    assert f"{PREFIX}/health/ready" in document["paths"]
    assert document["servers"] == [{"url": "/"}]


def test_the_errors_of_an_operation(document: dict[str, Any]) -> None:
    def statuses(method: str, path: str) -> list[str]:
        answered = list(operation(document, method, path)["responses"])
        assert set(answered) >= EVERYWHERE
        return [status for status in answered if status not in EVERYWHERE]

    assert statuses("post", "") == ["201", "400", "413", "415"]
    assert statuses("get", "/me") == ["200", "401"]
    assert statuses("get", "/admin") == ["200", "401", "403"]
    assert statuses("get", "/things/{thing_id}") == ["200", "404"]
    assert statuses("get", "/health/live") == ["200"]


def test_every_error_is_a_problem(document: dict[str, Any]) -> None:
    for status, response in operation(document, "post", "")["responses"].items():
        if status >= "400":
            name = response["content"]["application/problem+json"]["schema"]["$ref"].rpartition("/")[2]
            base, narrowed = document["components"]["schemas"][name]["allOf"]
            assert base == {"$ref": "#/components/schemas/Problem"}
            assert narrowed["properties"]["status"]["minimum"] == int(status)
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert "ProblemError" in document["components"]["schemas"]


def test_an_error_has_an_example(document: dict[str, Any]) -> None:
    described = operation(document, "get", "/things/{thing_id}")["responses"]["404"]
    reference = described["content"]["application/problem+json"]["examples"]["demo-not-found"]
    assert reference == {"$ref": "#/components/examples/demo-not-found"}
    example = document["components"]["examples"]["demo-not-found"]["value"]
    assert (example["status"], example["type"]) == (404, "urn:trolley:problem:demo-not-found")


def test_headers_that_are_read_are_described(document: dict[str, Any]) -> None:
    parameters = {p["name"]: p for p in operation(document, "post", "")["parameters"]}
    assert set(parameters) == {"Idempotency-Key", "If-Match"}
    assert parameters["If-Match"]["in"] == "header"
    assert not parameters["If-Match"]["required"]


def test_the_two_ways_to_authorize(document: dict[str, Any]) -> None:
    assert operation(document, "get", "/me")["security"] == [{"AccessToken": []}, {"PasswordFlow": []}]
    assert operation(document, "get", "/admin")["security"][1] == {"PasswordFlow": ["users:admin"]}
    assert operation(document, "get", "")["security"] == []
    schemes = document["components"]["securitySchemes"]
    assert schemes["AccessToken"]["scheme"] == "bearer"
    password = schemes["PasswordFlow"]["flows"]["password"]
    assert password["tokenUrl"] == "/api/v1/auth/token"
    assert "refreshUrl" not in password  # the token route takes the password grant alone


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in references(item)]
    return [found for item in value for found in references(item)] if isinstance(value, list) else []


async def test_it_is_served(client: httpx.AsyncClient, document: dict[str, Any]) -> None:
    assert (await client.get(f"{PREFIX}/openapi.json")).json() == document
