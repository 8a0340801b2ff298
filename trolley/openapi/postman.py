"""The Postman collection and its environment, made from the merged OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trolley.openapi.examples import Examples
from trolley.openapi.operations import ApiOperation, operations_of
from trolley.openapi.requests import bearer, request_of
from trolley.openapi.story import ADMIN, BEGINNING, BODIES, ENDING, GUEST, LAST, Step

FOLDER = Path(__file__).parent / "javascript"
BEFORE, AFTER = "prerequest", "test"


WORKS_FOR_AN_ADMIN = (
    "pm.collectionVariables.get('has_admin')"
    " && pm.test('works for an admin', () => pm.expect(pm.response.code).to.be.below(300));"
)


def script(listen: str, lines: Sequence[str]) -> dict[str, Any]:
    """A Postman event that runs `BEFORE` a request or `AFTER` its response."""
    return {"listen": listen, "script": {"type": "text/javascript", "exec": list(lines)}}


def from_file(name: str) -> list[str]:
    """The lines of `javascript/<name>.js`; none if the file does not exist."""
    file = FOLDER / f"{name}.js"
    return file.read_text().splitlines() if file.exists() else []


def answers(status: int) -> str:
    """A test that the answer has this status."""
    return f"pm.test('answers {status}', () => pm.response.to.have.status({status}));"


def answers_one_of(statuses: Sequence[str]) -> str:
    """A test that the answer is one that the OpenAPI document names."""
    documented = f"[{', '.join(statuses)}]"
    return f"pm.test('answers as documented', () => pm.expect(pm.response.code).to.be.oneOf({documented}));"


Json = dict[str, Any]
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def environment() -> Json:
    """The values that a person changes: the address of the shop, and the accounts. Without an admin, the
    requests of an admin are refused as documented."""
    values = {
        "base_url": "http://localhost:3000",
        "name": "Ada Lovelace",
        "password": "correct horse battery staple",
        "admin_email": "",
        "admin_password": "",
    }
    return {
        "name": "Trolley, local",
        "values": [
            {"key": key, "value": value, "type": "default", "enabled": True} for key, value in values.items()
        ],
        "_postman_variable_scope": "environment",
    }


def collection(document: Json) -> Json:
    """The story, a folder of operations for each service, and the end of the story. All tests pass if it runs
    from top to bottom. It contains the values of `environment`, so it can also run without the environment.
    """
    operations = operations_of(document)
    examples = Examples(document)
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": SCHEMA,
        },
        "auth": bearer("{{access_token}}"),
        "event": [script(BEFORE, from_file("every_request")), script(AFTER, from_file("every_response"))],
        "variable": [{"key": entry["key"], "value": entry["value"]} for entry in environment()["values"]],
        "item": [
            _played("The story: from an account to a full cart", BEGINNING, operations, examples),
            _played("The story goes on: a guest's cart, and second thoughts", GUEST, operations, examples),
            _played(
                "The shop's side: only with an admin", ADMIN, operations, examples, ["only_with_an_admin"]
            ),
            *_folders(operations, examples),
            _played("The end: signing out and leaving", ENDING, operations, examples),
        ],
    }


def _played(
    name: str,
    steps: Sequence[Step],
    operations: Sequence[ApiOperation],
    examples: Examples,
    before: Sequence[str] = (),
) -> Json:
    by_id = {operation.id: operation for operation in operations}
    events = [script(BEFORE, from_file(it)) for it in before]
    items = [_step(step, by_id[step.operation_id], examples) for step in steps]
    return {"name": name, "item": items} | ({"event": events} if events else {})


def _step(step: Step, operation: ApiOperation, examples: Examples) -> Json:
    tests = [answers(step.status), *from_file(f"story/{step.test or operation.id}")]
    request = request_of(operation, examples, step.body)
    if step.as_guest:
        request["auth"] = bearer("{{guest_token}}")
    return {"name": step.title, "event": [script(AFTER, tests)], "request": request}


def _folders(operations: Sequence[ApiOperation], examples: Examples) -> list[Json]:
    """A folder for each service. Requests that sign the caller out are at the end of the story."""
    leaving = {step.operation_id for step in ENDING} - {step.operation_id for step in BEGINNING}
    folders: dict[str, list[Json]] = {}
    for operation in sorted(operations, key=_place):
        if operation.id not in leaving:
            folders.setdefault(operation.service, []).append(_item(operation, examples))
    return [{"name": service, "item": items} for service, items in folders.items()]


def _place(operation: ApiOperation) -> int:
    return LAST.index(operation.id) + 1 if operation.id in LAST else 0


def _item(operation: ApiOperation, examples: Examples) -> Json:
    works = [WORKS_FOR_AN_ADMIN] if operation.scopes else []
    tests = [answers_one_of(operation.statuses), *works, *from_file(f"after/{operation.id}")]
    request = request_of(operation, examples, BODIES.get(operation.id))
    return {"name": operation.summary, "event": [script(AFTER, tests)], "request": request}
