"""Promo codes on carts."""

from __future__ import annotations

import httpx
import pytest

from tests.cart_service.conftest import Catalogue, Customer
from tests.cart_service.promotion_requests import add_promotion, fresh_code, put_code, uses_of
from tests.support.waiting import eventually


@pytest.fixture
def admin(replica: httpx.AsyncClient, sign_in) -> Customer:
    return sign_in(replica, role="admin")


async def test_a_code_takes_its_discount_off_every_line(
    ann: Customer, admin: Customer, catalogue: Catalogue
) -> None:
    code = await add_promotion(admin, percent=15, kind="percentage", description="Spring")
    for price in (333, 333, 334):
        await ann.add(await catalogue.put(price=price))
    answer = await put_code(ann, code.lower())
    cart = answer.json()
    assert cart["promo_code"] == {
        "code": code,
        "description": "Spring",
        "counts": True,
        "discount": 150,
        "reason": None,
        "message": f"15 % off with {code}.",
        "missing_spend": None,
    }
    assert [item["discount"] for item in cart["items"]] == [50, 50, 50]
    assert {item["discount_explanation"] for item in cart["items"]} == {f"15 % off with {code}."}
    assert (cart["subtotal"], cart["discount"], cart["total"]) == (1000, 150, 850)
    summary = (await ann.call("GET", "/summary")).json()
    same = ("promo_code", "subtotal", "discount", "total", "version")
    assert {key: summary[key] for key in same} == {key: cart[key] for key in same}
    assert [item["discount"] for item in summary["items"]] == [50, 50, 50]
    assert (await ann.call("GET")).content == answer.content


async def test_the_code_is_a_change_of_the_cart(ann: Customer, admin: Customer) -> None:
    code = await add_promotion(admin)
    first = await put_code(ann, code)
    again = await put_code(ann, code)
    assert again.content == first.content
    removed = await ann.call("DELETE", "/promo-code")
    assert (removed.json()["version"], removed.json()["promo_code"]) == (first.json()["version"] + 1, None)
    assert (await ann.call("DELETE", "/promo-code")).content == removed.content


async def test_a_write_is_repeatable_and_conditional(ann: Customer, admin: Customer) -> None:
    code, other = await add_promotion(admin, total_limit=1), await add_promotion(admin)
    first = await put_code(ann, code, Idempotency_Key="k1")
    await ann.call("DELETE", "/promo-code")
    repeated = await put_code(ann, code, Idempotency_Key="k1")
    assert repeated.headers["idempotent-replayed"] == "true"
    assert repeated.json()["promo_code"] is None
    assert (await put_code(ann, other, Idempotency_Key="k1")).status_code == 422
    assert (await put_code(ann, code, If_Match=first.headers["etag"])).status_code == 412
    assert await uses_of(admin, code) == {"reserved": 0, "final": 0}


async def test_what_does_not_count_yet_is_kept_and_says_why(
    ann: Customer, admin: Customer, catalogue: Catalogue
) -> None:
    code = await add_promotion(admin, minimum_spend=2000, categories=["Kitchen"])
    lacking = (await put_code(ann, code)).json()["promo_code"]
    assert (lacking["counts"], lacking["reason"]) == (False, "no_eligible_items")
    mug = await catalogue.put(price=1500, categories=["kitchen", "Gifts"])
    await ann.add(await catalogue.put(price=9000))
    lacking = (await ann.add(mug)).json()["promo_code"]
    assert (lacking["reason"], lacking["missing_spend"]) == ("minimum_spend", 500)
    assert lacking["message"] == f"Spend 5.00 USD more on Kitchen to use {code}."
    cart = (await ann.add(mug)).json()
    assert (cart["discount"], cart["promo_code"]["counts"]) == (300, True)
    assert [item["discount"] for item in cart["items"]] == [0, 300]


async def test_a_free_item(ann: Customer, admin: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put(price=700)
    code = await add_promotion(admin, kind="free_item", product_id=mug, quantity=2)
    assert (await put_code(ann, code)).json()["promo_code"]["reason"] == "no_eligible_items"
    await ann.add(await catalogue.put(price=100))
    assert (await ann.call("GET")).json()["promo_code"]["reason"] == "free_item_missing"
    cart = (await ann.add(mug, 3)).json()
    assert [item["discount"] for item in cart["items"]] == [0, 1400]


@pytest.mark.parametrize("status", ["draft", "archived", "active"])
async def test_a_free_item_need_not_be_for_sale_yet(
    admin: Customer, catalogue: Catalogue, status: str
) -> None:
    mug = await catalogue.put(status=status)
    await add_promotion(admin, kind="free_item", product_id=mug)


@pytest.mark.parametrize("is_deleted", [True, False])
async def test_a_free_item_has_to_exist(admin: Customer, catalogue: Catalogue, is_deleted: bool) -> None:
    mug = await catalogue.put(status="deleted") if is_deleted else "nosuchproduct"
    body = {"code": fresh_code(), "kind": "free_item", "product_id": mug}
    answer = await admin.call("POST", "/promotions", body)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:trolley:problem:product-not-found")
    assert answer.json()["product_id"] == mug
    assert (await admin.call("GET", f"/promotions/{body['code']}")).status_code == 404


BAD_CODES = [{}, {"code": 7}, {"code": ""}, {"code": "a!b"}, {"code": "a" * 41}]


async def test_a_bad_code_is_named(ann: Customer, subtests: pytest.Subtests) -> None:
    for body in BAD_CODES:
        with subtests.test(body=body):
            answer = await ann.call("PUT", "/promo-code", body)
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/code")


async def test_an_unknown_code_is_not_found(ann: Customer) -> None:
    code = fresh_code()
    answer = await put_code(ann, code)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:trolley:problem:promo-code-not-found")
    assert answer.json()["promo_code"] == code


async def test_each_refusal_has_a_reason(ann: Customer, admin: Customer, replica, sign_in) -> None:
    planned = await add_promotion(admin, starts_at="2126-01-01T00:00:00Z")
    over = await add_promotion(admin)
    await admin.call("POST", f"/promotions/{over}/end")
    used_up = await add_promotion(admin, total_limit=1)
    await put_code(sign_in(replica), used_up)
    spent = await add_promotion(admin, per_user_limit=1)
    await admin.call("POST", f"/promotions/{spent}/uses", {"user_id": ann.user_id, "order_id": "1"})
    answers = [await put_code(ann, code) for code in (planned, over, used_up, spent)]
    assert {answer.status_code for answer in answers} == {409}
    reasons = [answer.json()["type"].rpartition(":")[2] for answer in answers]
    assert reasons == [
        "promo-code-not-started",
        "promo-code-ended",
        "promo-code-used-up",
        "promo-code-used-by-you",
    ]
    assert (await ann.call("GET")).json()["promo_code"] is None


async def test_another_code_takes_the_place_and_the_first_use_is_given_back(
    ann: Customer, admin: Customer
) -> None:
    first, second = [await add_promotion(admin, total_limit=1) for _ in range(2)]
    await put_code(ann, first)
    assert (await put_code(ann, second)).json()["promo_code"]["code"] == second
    assert await uses_of(admin, first) == {"reserved": 0, "final": 0}
    assert await uses_of(admin, second) == {"reserved": 1, "final": 0}


async def test_clearing_the_cart_keeps_the_code(ann: Customer, admin: Customer, catalogue: Catalogue) -> None:
    code = await add_promotion(admin, total_limit=1)
    await ann.add(await catalogue.put())
    await put_code(ann, code)
    assert (await ann.call("DELETE")).json()["promo_code"]["code"] == code
    assert await uses_of(admin, code) == {"reserved": 1, "final": 0}


async def test_an_ended_promotion_is_a_notice_which_can_be_acknowledged(
    ann: Customer, admin: Customer, catalogue: Catalogue
) -> None:
    code = await add_promotion(admin)
    await ann.add(await catalogue.put(price=1000))
    await put_code(ann, code)
    await ann.call("GET", "/summary")
    await admin.call("POST", f"/promotions/{code}/end")
    for path in ("", "/summary"):
        cart = (await ann.call("GET", path)).json()
        assert [(it["type"], it["product_id"]) for it in cart["notices"]] == [("promo_code_ended", None)]
        assert (cart["promo_code"]["reason"], cart["discount"], cart["total"]) == ("ended", 0, 1000)
    accepted = (await ann.call("POST", "/acknowledge")).json()
    assert (accepted["promo_code"], accepted["notices"]) == (None, [])


async def test_an_order_makes_the_use_final_and_takes_the_code_off(
    ann: Customer, admin: Customer, catalogue: Catalogue
) -> None:
    code = await add_promotion(admin, total_limit=2, per_user_limit=2)
    await ann.add(await catalogue.put())
    await put_code(ann, code)
    order = {"user_id": ann.user_id, "order_id": "2026-1"}
    answers = [await admin.call("POST", f"/promotions/{code}/uses", order) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"code": code, **order}] * 2
    assert (await ann.call("GET")).json()["promo_code"] is None
    await put_code(ann, code)
    await admin.call("POST", f"/promotions/{code}/uses", order)
    assert (await ann.call("GET")).json()["promo_code"]["code"] == code
    assert await uses_of(admin, code) == {"reserved": 1, "final": 1}


async def test_a_guests_code_goes_along_with_the_cart(
    ann: Customer, admin: Customer, replica, sign_in, catalogue: Catalogue
) -> None:
    code = await add_promotion(admin, total_limit=1)
    guest = sign_in(replica, role="guest")
    await guest.add(await catalogue.put())
    await put_code(guest, code)
    token = guest.headers["Authorization"].removeprefix("Bearer ")
    merged = await ann.call("POST", "/merge", {"guest_token": token})
    assert merged.json()["cart"]["promo_code"]["code"] == code
    assert (await guest.call("GET")).json()["promo_code"] is None
    assert await uses_of(admin, code) == {"reserved": 1, "final": 0}


async def test_every_replica_prices_with_a_promotion_at_once(
    ann: Customer, admin: Customer, catalogue: Catalogue, start_replica
) -> None:
    async with start_replica() as other:
        await ann.at(other).add(await catalogue.put(price=1000))
        code = await add_promotion(admin)
        assert (await put_code(ann.at(other), code)).json()["discount"] == 100
        await ann.at(other).call("GET", "/summary")
        await admin.call("POST", f"/promotions/{code}/end")

        async def has_ended() -> bool:
            return (await ann.at(other).call("GET", "/summary")).json()["discount"] == 0

        await eventually(has_ended)
