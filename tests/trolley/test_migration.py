"""The documents of the former release are there after the migration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from auth_service.accounts.address_migration import AddressFinding
from auth_service.accounts.emails import claim_id
from auth_service.accounts.model import EmailClaim, User
from auth_service.accounts.store import EMAIL_CLAIMS, USERS, EmailClaimCodec, UserCodec
from cart_service.carts.store import CARTS, CartCodec
from shared.aggregates.outbox_fields import joined
from shared.security.identity import Role
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from shared.store.ports import DocumentStore
from trolley.errors import CommandFailed
from trolley.migration import COLLECTIONS, migrate_addresses, migrate_all

AT = "2026-01-01T00:00:00.000Z"
FORMER_FIELDS = {"version", "updated_at", "lines", "used_keys", "recent", "pending_events", "pending_since"}
FORMER = replace(
    CARTS,
    schema_version=1,
    fields={name: field for name, field in CARTS.fields.items() if name in FORMER_FIELDS},
)
CART = {
    "version": 3,
    "updated_at": AT,
    "lines": [["mug", 2, 1299, AT]],
    "used_keys": [["k", "f"]],
    "recent": [{"mug": 0}],
    "pending_events": [],
    "pending_since": None,
}


async def test_carts_of_the_former_release_go_on(store_settings: dict[str, Any]) -> None:
    settings = ServiceSettings(**store_settings)
    former = create_store_factory(settings)
    await (await former.open(FORMER)).create("ann", CART)
    await former.close()

    reported: list[tuple[str, int]] = []
    reports = [report async for report in migrate_all(settings, lambda *progress: reported.append(progress))]
    assert [report.collection for report in reports] == [collection.name for collection in COLLECTIONS]
    moved = next(report for report in reports if report.collection == "carts")
    assert (moved.from_version, moved.to_version, moved.documents) == (1, CARTS.schema_version, 1)
    assert ("carts", 1) in reported

    factory = create_store_factory(settings)
    document = await (await factory.open(CARTS)).get("ann")
    await factory.close()
    assert document is not None
    cart = CartCodec().from_document("ann", document.body)
    assert (cart.version, cart.quantity_of("mug"), cart.has_used("k", "f")) == (3, 2, True)


def account(id: str, email: str, *, day: int, **changes: Any) -> User:
    at = datetime(2026, 1, day, tzinfo=UTC)
    return replace(User(id, "Ana", email, "hash", Role.CUSTOMER, at, at, sessions=("phone",)), **changes)


PENDING = [{"id": "e1", "time": AT}]


class Accounts:
    """The collections of accounts, as a former release may have left them."""

    def __init__(self, users: DocumentStore, claims: DocumentStore) -> None:
        self.users, self._claims = users, claims

    async def add(self, user: User) -> None:
        fields = UserCodec().to_document(user)
        await self.users.create(user.id, joined(fields, tuple(PENDING)))
        claim = EmailClaim(user.id, user.created_at, confirmed=True)
        await self._claims.create(claim_id(user.email), EmailClaimCodec().to_document(claim))

    async def email(self, id: str) -> str:
        document = await self.users.get(id)
        assert document is not None
        assert document.body["pending_events"] == PENDING
        assert document.body["sessions"] == ["phone"]
        return str(document.body["email"])

    async def claimant(self, email: str) -> str | None:
        document = await self._claims.get(claim_id(email))
        return str(document.body["user_id"]) if document else None


@pytest.fixture
async def accounts(store_settings: dict[str, Any]) -> AsyncIterator[Accounts]:
    factory = create_store_factory(ServiceSettings(**store_settings))
    yield Accounts(await factory.open(USERS), await factory.open(EMAIL_CLAIMS))
    await factory.close()


async def migrated(store_settings: dict[str, Any], **wanted: str) -> list[AddressFinding]:
    return [finding async for finding in migrate_addresses(ServiceSettings(**store_settings), wanted)]


async def test_addresses_get_the_form_of_this_release(
    store_settings: dict[str, Any], accounts: Accounts
) -> None:
    await accounts.add(account("ann", "ann@example.com", day=1))
    await accounts.add(account("dora", "d@xn--mnchen-3ya.example", day=2))
    await accounts.add(account("gone", "gone@xn--mnchen-3ya.example", day=2, deleted=True))
    assert await migrated(store_settings) == [AddressFinding("moved", "dora", "d@münchen.example")]
    assert await accounts.email("dora") == "d@münchen.example"
    assert await accounts.claimant("d@münchen.example") == "dora"
    assert await accounts.claimant("d@xn--mnchen-3ya.example") is None
    assert await accounts.email("ann") == "ann@example.com"
    assert await accounts.email("gone") == "gone@xn--mnchen-3ya.example"
    assert await migrated(store_settings) == []


async def test_of_accounts_that_fall_together_one_keeps_the_address(
    store_settings: dict[str, Any], accounts: Accounts
) -> None:
    await accounts.add(account("late", "d@münchen.example", day=9))
    await accounts.add(account("early", "d@xn--mnchen-3ya.example", day=1))
    await accounts.add(account("third", "e@xn--mnchen-3ya.example", day=3))
    await accounts.add(account("second", "e@XN--mnchen-3ya.example", day=2))
    found = [
        AddressFinding("taken", "early", "d@münchen.example", "late"),
        AddressFinding("moved", "second", "e@münchen.example"),
        AddressFinding("taken", "third", "e@münchen.example", "second"),
    ]
    assert await migrated(store_settings) == found
    assert await accounts.email("late") == "d@münchen.example"
    assert await accounts.email("early") == "d@xn--mnchen-3ya.example"
    assert await accounts.claimant("d@münchen.example") == "late"
    assert await accounts.claimant("d@xn--mnchen-3ya.example") == "early"
    assert await migrated(store_settings) == [found[0], found[2]]


async def test_the_operator_gives_an_account_another_address(
    store_settings: dict[str, Any], accounts: Accounts
) -> None:
    await accounts.add(account("late", "d@münchen.example", day=9))
    await accounts.add(account("early", "d@xn--mnchen-3ya.example", day=1))
    await accounts.add(account("odd", "a\u200bb@example.com", day=2))
    refused = AddressFinding("refused", "odd", "a\u200bb@example.com")
    assert refused in await migrated(store_settings)
    assert await migrated(store_settings, early="dora@example.com", odd="ab@example.com") == []
    assert await accounts.email("early") == "dora@example.com"
    assert await accounts.claimant("dora@example.com") == "early"
    assert await accounts.claimant("d@xn--mnchen-3ya.example") is None
    for id, address in (("nobody", "x@example.com"), ("odd", "dora@example.com")):
        with pytest.raises(CommandFailed):
            await migrated(store_settings, **{id: address})
    assert await accounts.email("odd") == "ab@example.com"


async def test_a_migration_of_addresses_goes_on_after_a_crash(
    store_settings: dict[str, Any], accounts: Accounts
) -> None:
    """It ended between the claim and the account."""
    await accounts.add(account("dora", "d@xn--mnchen-3ya.example", day=2))
    claim = EmailClaim("dora", datetime.now(UTC), confirmed=True)
    factory = create_store_factory(ServiceSettings(**store_settings))
    claims = await factory.open(EMAIL_CLAIMS)
    await claims.create(claim_id("d@münchen.example"), EmailClaimCodec().to_document(claim))
    await factory.close()
    assert await migrated(store_settings) == [AddressFinding("moved", "dora", "d@münchen.example")]
    assert await accounts.email("dora") == "d@münchen.example"


async def test_an_address_whose_claimant_is_gone_is_free(
    store_settings: dict[str, Any], accounts: Accounts
) -> None:
    await accounts.add(account("gone", "d@münchen.example", day=1, deleted=True))
    await accounts.add(account("dora", "d@xn--mnchen-3ya.example", day=2))
    assert await migrated(store_settings) == [AddressFinding("moved", "dora", "d@münchen.example")]
    assert await accounts.claimant("d@münchen.example") == "dora"
