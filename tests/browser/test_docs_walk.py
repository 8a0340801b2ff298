"""Every operation of the document, executed on the docs page without touching a field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import pytest
from playwright.async_api import ViewportSize

from shared.ids import new_id
from shared.security.identity import Role
from tests.browser.conftest import OpenDocs
from tests.browser.docs_page import DocsPage, Executed
from tests.e2e.shops import Shop
from trolley.openapi.operations import ApiOperation
from trolley.operations import operate

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(1_800)]

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=900)
TALLEST = 4_000
PASSWORD = "correct horse battery staple"
NOT_THERE_OR_NOT_NOW = {"404", "409"}
OF_SOMETHING_ELSE = {"put_promo_code", "add_promotion_use"}
"""Operations that need a promotion, which the page cannot make for everybody. They may answer the statuses
above, as the document says."""
OF_A_MAIL = {"use_code", "confirm_email"}
"""Operations that need a code from a mail, which the page cannot read. They refuse the example, as the
document says."""

SignUp = Callable[[str], Awaitable[object]]
"""Makes the account with this e-mail address and `PASSWORD`."""


async def walk(docs: DocsPage, sign_up: SignUp) -> list[Executed]:
    """Executes each operation. Signs in again after what ends the session or the account."""
    walked = []
    for operation in await docs.operations():
        if not await docs.is_signed_in():
            email = f"{new_id()}@example.com"
            await sign_up(email)
            await docs.authorize(email, PASSWORD)
        walked.append(await docs.execute(operation))
        assert not await docs.is_wider_than_the_window(), operation.id
    return walked


def allowed(operation: ApiOperation, *, may: bool) -> set[str]:
    """The statuses that may come."""
    if not may:
        return {"403"}
    if operation.id in OF_A_MAIL:
        return {"403"}
    works = {status for status in operation.statuses if status.startswith("2")}
    return works | (NOT_THERE_OR_NOT_NOW if operation.id in OF_SOMETHING_ELSE else set())


def tell(walked: Sequence[Executed], who: str) -> None:
    """Prints what a walk came to."""
    counts = sorted(Counter(executed.status for executed in walked).items())
    tallest = max(executed.height for executed in walked)
    came = ", ".join(f"{count} x {status}" for status, count in counts)
    print(f"walked {len(walked)} operations as {who}: {came}; the tallest is {tallest} px")


@pytest.mark.parametrize(
    ("role", "window"), [(Role.CUSTOMER, PHONE), (Role.ADMIN, DESK)], ids=["phone", "desk"]
)
async def test_every_operation_works_without_touching_a_field(
    open_docs: OpenDocs, shop: Shop, role: Role, window: ViewportSize
) -> None:
    async def sign_up(email: str) -> None:
        await operate(shop.stack.environment, lambda it: it.create_user("Ann", email, PASSWORD, role))

    docs = await open_docs(viewport=window)
    walked = await walk(docs, sign_up)
    tell(walked, role)
    assert {it.operation.id for it in walked} == {operation.id for operation in await docs.operations()}
    surprises = {
        it.operation.id: it.status
        for it in walked
        if it.status not in allowed(it.operation, may=role is Role.ADMIN or not it.operation.scopes)
    }
    assert surprises == {}
    assert {it.operation.id: it.wrong_fields for it in walked if it.wrong_fields} == {}
    assert {it.operation.id: it.height for it in walked if it.height > TALLEST} == {}
    assert (docs.console_errors, docs.other_hosts) == ([], [])
