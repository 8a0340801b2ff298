"""Every error is a problem document, whatever raised it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

PREFIX = "/api/v1/demo"
LINE = {"product_id": "p1", "quantity": 1}


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["type"] == f"urn:trolley:problem:{code}"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


def pointers(body: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in body["errors"]]


async def test_an_error_of_the_shop(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{PREFIX}/things/3?limit=5", headers={"X-Number": "2"})
    body = assert_problem(answer, 404, "demo-not-found")
    assert body["detail"] == "There is no thing 3."
    assert body["instance"] == f"{PREFIX}/things/3"
    assert body["limit"] == 7


async def test_an_unknown_path(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/api/v1/demo/nothing/here"), 404, "not-found")
    assert_problem(await client.get("/"), 404, "not-found")


async def test_a_wrong_method_names_all_the_right_ones(client: httpx.AsyncClient) -> None:
    answer = await client.delete(PREFIX)
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST, PUT"


async def test_a_wrong_method_on_a_path_with_parameters(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{PREFIX}/things/3")
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD"


async def test_what_is_inside_the_shop_is_in_the_log_alone(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await client.get(f"{PREFIX}/store-away")
    body = assert_problem(answer, 503, "store-unavailable")
    assert "Try again" in body["detail"]
    assert "ELASTICSEARCH_URL" not in answer.text
    assert "10.0.0.7" in capsys.readouterr().out


async def test_an_unforeseen_exception_tells_nothing(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await client.get(f"{PREFIX}/bug")
    assert_problem(answer, 500, "internal-error")
    assert "hunter2" not in answer.text
    logged = capsys.readouterr().out
    assert "Traceback" in logged
    assert "get_bug" in logged


async def test_what_json_cannot_hold_is_shown_as_text(client: httpx.AsyncClient) -> None:
    assert assert_problem(await client.get(f"{PREFIX}/conflict"), 409, "conflict")["state"] == "{1, 2}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"items": [{"product_id": "p", "quantity": 0}]}, ["/items/0/quantity"]),
        ({"items": [LINE, {"product_id": "p", "quantity": "2"}]}, ["/items/1/quantity"]),
        ({"items": [{"quantity": 1}]}, ["/items/0/product_id"]),
        ({}, ["/items"]),
        ([], [""]),
        ({"items": [], "a/b~c": 1}, ["/a~1b~0c"]),
        ({"items": [], "operations": [{"op": "add", "quantity": "x"}]}, ["/operations/0/quantity"]),
        ({"items": [], "operations": [{"op": "remove"}]}, ["/operations/0/product_id"]),
        ({"items": [], "operations": [{"op": "explode"}]}, ["/operations/0/op"]),
        ({"items": [{"product_id": "p", "quantity": 10**40}]}, ["/items/0/quantity"]),
        ({"items": [{"product_id": "p", "quantity": 1.5}]}, ["/items/0/quantity"]),
        ({"items": [{"product_id": "p", "quantity": True}]}, ["/items/0/quantity"]),
    ],
)
async def test_a_bad_value_is_pointed_at(client: httpx.AsyncClient, body: Any, expected: list[str]) -> None:
    answer = await client.post(PREFIX, json=body)
    assert pointers(assert_problem(answer, 422, "invalid-input")) == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "Expected a JSON object"),
        ({"items": ["x"]}, "Expected a JSON object"),
        ({"items": [], "operations": [{}]}, "Field required"),
    ],
)
async def test_a_message_is_about_json_and_not_about_classes(
    client: httpx.AsyncClient, body: Any, message: str
) -> None:
    answer = await client.post(PREFIX, json=body)
    assert assert_problem(answer, 422, "invalid-input")["errors"][0]["message"] == message


async def test_bad_parameters_are_named_by_their_place(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{PREFIX}/things/x?limit=1000", headers={"X-Number": "one"})
    body = assert_problem(answer, 422, "invalid-input")
    assert set(pointers(body)) == {"path:thing_id", "query:limit", "header:x-number"}


async def test_many_errors_are_cut_short(client: httpx.AsyncClient) -> None:
    answer = await client.post(PREFIX, json={"items": [{}] * 1000})
    assert len(assert_problem(answer, 422, "invalid-input")["errors"]) == 1000


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"[" * 100_000,
        b'{"items": NaN}',
        b'{"items": "\\ud800"}',
        b'"\xff\xfe"',
        b"{'items': []}",
    ],
)
async def test_a_body_that_is_no_json(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(PREFIX, content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, 400, "malformed-request")


async def test_a_missing_body(client: httpx.AsyncClient) -> None:
    assert pointers(assert_problem(await client.post(PREFIX), 422, "invalid-input")) == [""]


async def test_a_huge_number_is_only_a_bad_value(client: httpx.AsyncClient) -> None:
    body = b'{"items": [{"product_id": "p", "quantity": ' + b"9" * 5000 + b"}]}"
    answer = await client.post(PREFIX, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/merge-patch+json",
        "application/json-patch+json",
        "application/vnd.shop+json",
        "application/json, application/json",
        "application/json; charset=iso-8859-1",
        "application/json" + "; q=1" * 1000,
        "",
    ],
)
async def test_another_media_type(client: httpx.AsyncClient, media_type: str) -> None:
    answer = await client.post(PREFIX, content=b'{"items": []}', headers={"Content-Type": media_type})
    assert_problem(answer, 415, "unsupported-media-type")
    assert answer.headers["accept-post"] == "application/json"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "Application/JSON",
        "application/json;",
    ],
)
async def test_json_in_utf_8_is_taken(client: httpx.AsyncClient, media_type: str) -> None:
    answer = await client.post(PREFIX, content=b'{"items": []}', headers={"Content-Type": media_type})
    assert answer.status_code == 201


async def test_a_form_is_sent_as_a_form(client: httpx.AsyncClient) -> None:
    assert (await client.post(f"{PREFIX}/form", data={"name": "Ada"})).json() == "Ada"
    assert_problem(await client.post(f"{PREFIX}/form", json={"name": "Ada"}), 415, "unsupported-media-type")


async def test_a_nul_character_in_the_path(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get(f"{PREFIX}/things/%00"), 400, "malformed-request")


async def test_a_header_that_is_too_long(client: httpx.AsyncClient) -> None:
    answer = await client.post(PREFIX, json={"items": []}, headers={"Idempotency-Key": "k" * 9})
    assert pointers(assert_problem(answer, 422, "invalid-input")) == ["header:Idempotency-Key"]


async def test_an_answer_that_breaks_off_is_cut(remote: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await remote.get(f"{PREFIX}/half")
    assert (await remote.get(PREFIX)).status_code == 200
