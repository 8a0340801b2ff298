"""The command `trolley migrate`: what it says of addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from auth_service.accounts.emails import claim_id
from auth_service.accounts.model import EmailClaim, User
from auth_service.accounts.store import EMAIL_CLAIMS, USERS, EmailClaimCodec, UserCodec
from shared.aggregates.outbox_fields import joined
from shared.security.identity import Role
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from tests.support.terminal import Terminal

AT = datetime(2026, 1, 1, tzinfo=UTC)
ADDRESSES = {
    "dora": "d@xn--mnchen-3ya.example",
    "dorothy": "d@münchen.example",
    "emil": "e@xn--mnchen-3ya.example",
    "odd": "o@printer.local",
}


@pytest.fixture
async def terminal(tmp_path: Path) -> Terminal:
    """An operator's, with a store that a former release has left."""
    folder = str(tmp_path / "store")
    (tmp_path / "store").mkdir()
    factory = create_store_factory(ServiceSettings(sqlite_directory=folder))
    users, claims = await factory.open(USERS), await factory.open(EMAIL_CLAIMS)
    for id, email in ADDRESSES.items():
        user = User(id, "Ana", email, "hash", Role.CUSTOMER, AT, AT)
        await users.create(id, joined(UserCodec().to_document(user), ()))
        claim = EmailClaimCodec().to_document(EmailClaim(id, AT, confirmed=True))
        await claims.create(claim_id(email), claim)
    await factory.close()
    return Terminal(tmp_path, {"SQLITE_DIRECTORY": folder})


async def test_it_names_the_accounts_that_need_another_address(terminal: Terminal) -> None:
    first = await terminal.run("migrate")
    assert first.status == 0, first
    lines = [line for line in first.output.splitlines() if line.startswith("addresses:")]
    moved, taken, refused = (
        next(line for line in lines if word in line) for word in ("emil", "dora ", "odd")
    )
    assert "account emil has e@münchen.example now" in moved
    assert "d@münchen.example of account dora is also that of account dorothy, which keeps it" in taken
    assert "migrate --address dora=ADDRESS" in taken
    assert "o@printer.local of account odd is not accepted any more" in refused

    mended = await terminal.run(
        "migrate", "--address", "dora=Dora@Example.com", "--address", "odd=odd@example.com"
    )
    assert mended.status == 0, mended
    assert "addresses:" not in mended.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("dora", "USER_ID=ADDRESS"),
        ("=a@example.com", "USER_ID=ADDRESS"),
        ("dora=nonsense", "name@example.com"),
        ("nobody=a@example.com", "No account has the id nobody"),
        ("dora=d@münchen.example", "is the address of the account dorothy"),
    ],
)
async def test_an_address_that_cannot_be_given_is_refused(terminal: Terminal, given: str, said: str) -> None:
    refused = await terminal.run("migrate", "--address", given)
    assert refused.status != 0
    assert said in " ".join(refused.errors.replace("│", " ").split())
