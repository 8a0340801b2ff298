"""Every operation of the document, executed on the docs page without touching a field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from shared.ids import new_id
from shared.security.identity import Role
from tests.browser.conftest import OpenDocs
from tests.browser.docs_page import DocsPage
from tests.e2e.shops import Shop
from trolley.openapi.operations import Operation
from trolley.operations import create_user

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(900)]

PASSWORD = "correct horse battery staple"
NOT_THERE_OR_NOT_NOW = {"404", "409"}
OF_SOMETHING_ELSE = {"put_promo_code", "add_promotion_use"}
"""Operations that need a promotion, which the page cannot make for everybody. They may answer the statuses
above, as the document says."""

SignUp = Callable[[str], Awaitable[object]]
"""Makes the account with this e-mail address and `PASSWORD`."""


async def walk(docs: DocsPage, sign_up: SignUp) -> list[tuple[Operation, str]]:
    """Executes each operation and gives the status that the page shows. Signs in again after what ends the
    session or the account."""
    walked = []
    email = ""
    for operation in await docs.operations():
        if not await docs.is_signed_in():
            email = f"{new_id()}@example.com"
            await sign_up(email)
            await docs.authorize(email, PASSWORD)
        walked.append((operation, await docs.execute(operation)))
    return walked


def allowed(operation: Operation, *, may: bool) -> set[str]:
    if not may:
        return {"403"}
    works = {status for status in operation.statuses if status.startswith("2")}
    return works | (NOT_THERE_OR_NOT_NOW if operation.id in OF_SOMETHING_ELSE else set())


def tell(walked: list[tuple[Operation, str]], who: str) -> None:
    counts = ", ".join(
        f"{count} × {status}" for status, count in sorted(Counter(s for _, s in walked).items())
    )
    print(f"walked {len(walked)} operations as {who}: {counts}")
    for operation, status in walked:
        print(f"  {status} {operation.method.upper()} {operation.path}")


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.ADMIN])
async def test_every_operation_works_without_touching_a_field(
    open_docs: OpenDocs, shop: Shop, role: Role
) -> None:
    async def sign_up(email: str) -> None:
        await create_user(shop.stack.environment, email, "Ann", PASSWORD, role)

    docs = await open_docs()
    walked = await walk(docs, sign_up)
    tell(walked, role)
    is_admin = role is Role.ADMIN
    surprises = {
        operation.id: status
        for operation, status in walked
        if status not in allowed(operation, may=is_admin or not operation.scopes)
    }
    assert surprises == {}
    assert {operation.id for operation, _ in walked} == {it.id for it in await docs.operations()}
    assert (docs.console_errors, docs.other_hosts) == ([], [])
