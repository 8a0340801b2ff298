"""Looking after promotions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.clock import to_rfc3339
from tests.cart_service.conftest import Customer
from tests.cart_service.promotion_requests import add_promotion, fresh_code
from tests.support.waiting import eventually


def in_hours(hours: float) -> str:
    return to_rfc3339(datetime.now(UTC) + timedelta(hours=hours))


@pytest.fixture
def admin(replica: httpx.AsyncClient, sign_in) -> Customer:
    return sign_in(replica, role="admin")


async def test_a_promotion_is_added_and_shown(admin: Customer) -> None:
    code, ends_at = fresh_code(), in_hours(1)
    body = {"code": f" {code.lower()} ", "kind": "fixed", "amount": 500, "ends_at": ends_at}
    created = await admin.call("POST", "/promotions", body)
    assert created.status_code == 201
    assert created.headers["location"] == f"/api/v1/cart/promotions/{code}"
    shown = created.json()
    assert shown.pop("created_at") < ends_at
    assert shown == {
        "code": code,
        "kind": "fixed",
        "percent": None,
        "amount": 500,
        "product_id": None,
        "quantity": None,
        "minimum_spend": 0,
        "categories": [],
        "starts_at": None,
        "ends_at": ends_at,
        "per_user_limit": None,
        "total_limit": None,
        "currency": "USD",
        "description": "",
        "status": "active",
        "ended_at": None,
        "version": 1,
        "uses": {"reserved": 0, "final": 0},
    }
    assert (await admin.call("GET", f"/promotions/{code.lower()}")).json() == created.json()


async def test_a_code_is_given_away_once(admin: Customer) -> None:
    code = await add_promotion(admin)
    await admin.call("POST", f"/promotions/{code}/end")
    again = await admin.call("POST", "/promotions", {"code": code, "kind": "fixed", "amount": 1})
    assert (again.status_code, again.json()["type"]) == (409, "urn:trolley:problem:promotion-code-taken")
    assert [error["pointer"] for error in again.json()["errors"]] == ["/code"]


async def test_ending_is_for_ever_and_repeatable(admin: Customer) -> None:
    code = await add_promotion(admin, starts_at=in_hours(1))
    first = await admin.call("POST", f"/promotions/{code}/end")
    assert (first.status_code, first.json()["status"], first.json()["version"]) == (200, "ended", 2)
    assert (await admin.call("POST", f"/promotions/{code}/end")).json() == first.json()


async def test_the_list_is_paged_and_filtered_by_status(admin: Customer) -> None:
    running = await add_promotion(admin)
    planned = await add_promotion(admin, starts_at=in_hours(1))
    over = await add_promotion(admin)
    await admin.call("POST", f"/promotions/{over}/end")

    async def listed(query: str) -> set[str]:
        page = (await admin.call("GET", f"/promotions?{query}")).json()
        return {item["code"] for item in page["items"]}

    async def is_found() -> bool:
        found = [await listed(f"status={status}") for status in ("active", "scheduled", "ended")]
        return found == [{running}, {planned}, {over}]

    await eventually(is_found)
    first = (await admin.call("GET", "/promotions?limit=2")).json()
    assert (len(first["items"]), first["total"], first["total_is_exact"]) == (2, 3, True)
    assert "uses" not in first["items"][0]
    second = (await admin.call("GET", f"/promotions?limit=2&cursor={first['next_cursor']}")).json()
    codes = [item["code"] for page in (first, second) for item in page["items"]]
    assert (codes, second["next_cursor"]) == ([over, planned, running], None)
    foreign = await admin.call("GET", f"/promotions?status=ended&cursor={first['next_cursor']}")
    assert [error["pointer"] for error in foreign.json()["errors"]] == ["query:cursor"]


PERCENTAGE = {"kind": "percentage", "percent": 10}


BAD_FIELDS = [
    ({**PERCENTAGE, "code": "ab"}, "/code"),
    ({**PERCENTAGE, "code": "x" * 41}, "/code"),
    ({**PERCENTAGE, "code": "a b c"}, "/code"),
    ({**PERCENTAGE, "code": "abc*>"}, "/code"),
    ({**PERCENTAGE, "code": 7}, "/code"),
    ({}, "/kind"),
    ({"kind": "gift"}, "/kind"),
    ({"kind": None}, "/kind"),
    ({"kind": "percentage"}, "/percent"),
    ({"kind": "percentage", "percent": 0}, "/percent"),
    ({"kind": "percentage", "percent": 101}, "/percent"),
    ({"kind": "percentage", "percent": 12.5}, "/percent"),
    ({"kind": "percentage", "percent": "10"}, "/percent"),
    ({**PERCENTAGE, "amount": 5}, "/amount"),
    ({**PERCENTAGE, "product_id": "p1"}, "/product_id"),
    ({"kind": "fixed"}, "/amount"),
    ({"kind": "fixed", "amount": 0}, "/amount"),
    ({"kind": "fixed", "amount": 10**12 + 1}, "/amount"),
    ({"kind": "fixed", "amount": 5, "percent": 5}, "/percent"),
    ({"kind": "free_item"}, "/product_id"),
    ({"kind": "free_item", "product_id": "a.b"}, "/product_id"),
    ({"kind": "free_item", "product_id": "p1", "quantity": 0}, "/quantity"),
    ({"kind": "free_item", "product_id": "p1", "quantity": 1000}, "/quantity"),
    ({**PERCENTAGE, "minimum_spend": -1}, "/minimum_spend"),
    ({**PERCENTAGE, "minimum_spend": True}, "/minimum_spend"),
    ({**PERCENTAGE, "categories": [""]}, "/categories/0"),
    ({**PERCENTAGE, "categories": ["x" * 101]}, "/categories/0"),
    ({**PERCENTAGE, "categories": [str(number) for number in range(21)]}, "/categories"),
    ({**PERCENTAGE, "categories": "Kitchen"}, "/categories"),
    ({**PERCENTAGE, "starts_at": "tomorrow"}, "/starts_at"),
    ({**PERCENTAGE, "starts_at": 1767225600}, "/starts_at"),
    ({**PERCENTAGE, "starts_at": "1767225600"}, "/starts_at"),
    ({**PERCENTAGE, "starts_at": "2126-01-01T00:00:00"}, "/starts_at"),
    ({**PERCENTAGE, "ends_at": "0001-01-01T00:00:00+14:00"}, "/ends_at"),
    ({**PERCENTAGE, "ends_at": "9999-12-31T23:59:59-14:00"}, "/ends_at"),
    ({**PERCENTAGE, "ends_at": "2020-01-01T00:00:00Z"}, "/ends_at"),
    (
        {**PERCENTAGE, "starts_at": "2126-01-01T00:00:00Z", "ends_at": "2126-01-01T00:00:00Z"},
        "/ends_at",
    ),
    ({**PERCENTAGE, "per_user_limit": 0}, "/per_user_limit"),
    ({**PERCENTAGE, "total_limit": 0}, "/total_limit"),
    ({**PERCENTAGE, "total_limit": 10**9 + 1}, "/total_limit"),
    ({**PERCENTAGE, "currency": "EUR"}, "/currency"),
    ({**PERCENTAGE, "currency": "usd"}, "/currency"),
    ({**PERCENTAGE, "description": "x" * 501}, "/description"),
    ({**PERCENTAGE, "description": "a\nb"}, "/description"),
    ({**PERCENTAGE, "owner": "ann"}, "/owner"),
]


async def test_a_bad_field_is_named(admin: Customer, subtests: pytest.Subtests) -> None:
    for fields, pointer in BAD_FIELDS:
        with subtests.test(fields=fields, pointer=pointer):
            code = fresh_code()
            answer = await admin.call("POST", "/promotions", {"code": code, **fields})
            assert answer.status_code == 422, answer.text
            assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
            assert (await admin.call("GET", f"/promotions/{code}")).status_code == 404


BAD_FIELDS_OF_A_USE = [
    ({"order_id": "1"}, "/user_id"),
    ({"user_id": "ann"}, "/order_id"),
    ({"user_id": "a/b", "order_id": "1"}, "/user_id"),
    ({"user_id": "ann", "order_id": "x" * 65}, "/order_id"),
    ({"user_id": "ann", "order_id": "1", "more": 1}, "/more"),
]


async def test_a_bad_field_of_a_use_is_named(admin: Customer, subtests: pytest.Subtests) -> None:
    for body, pointer in BAD_FIELDS_OF_A_USE:
        with subtests.test(body=body, pointer=pointer):
            code = await add_promotion(admin)
            answer = await admin.call("POST", f"/promotions/{code}/uses", body)
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


BAD_QUERIES = ["limit=0", "limit=101", "status=alive", "cursor=abc"]


async def test_a_bad_query_is_named(admin: Customer, subtests: pytest.Subtests) -> None:
    for query in BAD_QUERIES:
        with subtests.test(query=query):
            answer = await admin.call("GET", f"/promotions?{query}")
            name = query.partition("=")[0]
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"query:{name}")


ROUTES = [
    ("GET", "/promotions", None),
    ("POST", "/promotions", {"code": "ABC", **PERCENTAGE}),
    ("GET", "/promotions/ABC", None),
    ("POST", "/promotions/ABC/end", None),
    ("POST", "/promotions/ABC/uses", {"user_id": "ann", "order_id": "1"}),
]


async def test_only_editors_of_the_catalogue_may(replica, sign_in, subtests: pytest.Subtests) -> None:
    for method, path, body in ROUTES:
        for role in ["customer", "guest"]:
            with subtests.test(method=method, path=path, body=body, role=role):
                answer = await sign_in(replica, role=role).call(method, path, body)
                assert (answer.status_code, answer.json()["type"]) == (
                    403,
                    "urn:trolley:problem:permission-denied",
                )
                unknown = await replica.request(method, f"/api/v1/cart{path}", json=body)
                assert unknown.status_code == 401


ROUTES_OF_A_CODE = [*ROUTES[2:]]


async def test_an_unknown_code_is_not_found(admin: Customer, subtests: pytest.Subtests) -> None:
    for method, path, body in ROUTES_OF_A_CODE:
        with subtests.test(method=method, path=path, body=body):
            answer = await admin.call(method, path.replace("ABC", fresh_code()), body)
            assert (answer.status_code, answer.json()["type"]) == (
                404,
                "urn:trolley:problem:promotion-not-found",
            )


async def test_what_can_be_no_code_is_refused_in_the_path(admin: Customer) -> None:
    answer = await admin.call("GET", "/promotions/a%20b")
    assert answer.json()["errors"][0]["pointer"] == "path:code"
