"""The Postman collection and its environment, made from the merged OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trolley.openapi.examples import Examples
from trolley.openapi.requests import request_of
from trolley.openapi.scripts import AFTER, BEFORE, answers_one_of, from_file, script
from trolley.openapi.story import LAST_IN_FOLDER, SKIPPED_BY_A_RUNNER, STORY, Step

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def environment() -> Json:
    """What a person changes: where the shop is, and who signs in."""
    values = {
        "base_url": "http://localhost:3000",
        "name": "Ada Lovelace",
        "password": "correct horse battery staple",
    }
    return {
        "name": "Trolley, local",
        "values": [
            {"key": key, "value": value, "type": "default", "enabled": True} for key, value in values.items()
        ],
        "_postman_variable_scope": "environment",
    }


def collection(document: Json) -> Json:
    """The story first, then a folder for each service with every operation; green from top to bottom."""
    examples = Examples(document)
    operations = {
        operation["operationId"]: (path, method, operation) for path, method, operation in _all(document)
    }
    story = [_story_item(examples, step, *operations[step.operation_id]) for step in STORY]
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": SCHEMA,
        },
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{access_token}}", "type": "string"}],
        },
        "event": [script(BEFORE, from_file("every_request")), script(AFTER, from_file("every_response"))],
        "item": [
            {"name": "The story: from sign-up to a full cart", "item": story},
            *_folders(document, examples),
        ],
    }


def _all(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _folders(document: Json, examples: Examples) -> list[Json]:
    folders: dict[str, list[tuple[str, str, Json]]] = {}
    for path, method, operation in _all(document):
        folders.setdefault(path.split("/")[3], []).append((path, method, operation))
    return [
        {"name": name, "item": [_item(examples, *entry) for entry in sorted(entries, key=_turn)]}
        for name, entries in folders.items()
    ]


def _turn(entry: tuple[str, str, Json]) -> int:
    """What ends the session goes last, so that a run of the whole folder stays signed in until then."""
    operation_id = entry[2]["operationId"]
    return LAST_IN_FOLDER.index(operation_id) + 1 if operation_id in LAST_IN_FOLDER else 0


def _item(examples: Examples, path: str, method: str, operation: Json) -> Json:
    events = [script(AFTER, answers_one_of(sorted(operation["responses"])))]
    if operation["operationId"] in SKIPPED_BY_A_RUNNER:
        events.append(script(BEFORE, ["pm.execution.skipRequest();"]))
    request = request_of(examples, path, method, operation)
    return {"name": operation["summary"], "event": events, "request": request}


def _story_item(examples: Examples, step: Step, path: str, method: str, operation: Json) -> Json:
    request = request_of(examples, path, method, operation, body=step.body)
    return {"name": step.title, "event": [script(AFTER, from_file(step.operation_id))], "request": request}
