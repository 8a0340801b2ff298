"""Sessions of the former release: documents without a counter, and tokens with a random text."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

import pytest

from auth_service.accounts.credentials import NewAccount
from auth_service.keys.signing import derive_key
from auth_service.service import AuthService
from auth_service.sessions.errors import RefreshTokenReused
from auth_service.sessions.model import RefreshToken
from auth_service.sessions.store import SESSIONS
from auth_service.sessions.tokens import SignedIn
from shared.clock import to_rfc3339
from tests.auth_service.conftest import World
from tests.support.clock import MovableClock


def former_token(world: World, session_id: str) -> RefreshToken:
    random = secrets.token_urlsafe(32)
    key = derive_key(world.settings.auth_secret.get_secret_value(), "trolley refresh tokens")
    proof = hmac.digest(key, f"{session_id}.{random}".encode(), hashlib.sha256)
    return RefreshToken(session_id, f"{random}.{urlsafe_b64encode(proof).rstrip(b'=').decode()}")


@pytest.fixture
async def former(world: World, signed_in: SignedIn) -> RefreshToken:
    """The newest refresh token of a session that the former release wrote."""
    session_id = signed_in.refresh_token.partition(".")[0]
    token = former_token(world, session_id)
    store = await world.backends.stores.open(SESSIONS)
    document = await store.get(session_id)
    assert document is not None
    added = {"counter", "previous_digest", "exchanged_at", "authenticated_at"}
    body = {name: value for name, value in document.body.items() if name not in added}
    await store.replace(session_id, {**body, "refresh_digest": token.digest}, document.version)
    return token


async def test_a_session_of_the_former_release_goes_on(
    world: World, auth: AuthService, former: RefreshToken
) -> None:
    renewed = await auth.sign_in.refresh(str(former))
    assert renewed.refresh_token.startswith(f"{former.session_id}.1.")
    assert (await auth.sign_in.refresh(str(former))).refresh_token == renewed.refresh_token
    newest = await auth.sign_in.refresh(renewed.refresh_token)
    assert newest.refresh_token.startswith(f"{former.session_id}.2.")
    with pytest.raises(RefreshTokenReused):
        await auth.sign_in.refresh(str(former))


async def test_the_former_release_signed_in_when_it_made_the_session(
    world: World, former: RefreshToken, clock: MovableClock, account: NewAccount
) -> None:
    session = await world.adapters.sessions.get(former.session_id)
    assert session is not None
    assert session.authenticated_at == session.created_at
    assert (session.counter, session.previous_digest, session.exchanged_at) == (0, "", None)


async def test_a_spent_token_of_the_former_release_ends_its_session(
    world: World, auth: AuthService, former: RefreshToken
) -> None:
    with pytest.raises(RefreshTokenReused):
        await auth.sign_in.refresh(str(former_token(world, former.session_id)))
    session = await world.adapters.sessions.get(former.session_id)
    assert session is not None
    assert not session.alive(world.clock.now())


async def test_a_session_is_read_as_it_was_written(
    world: World, auth: AuthService, signed_in: SignedIn
) -> None:
    await auth.sign_in.refresh(signed_in.refresh_token)
    session = await world.adapters.sessions.get(signed_in.refresh_token.partition(".")[0])
    store = await world.backends.stores.open(SESSIONS)
    assert session is not None
    document = await store.get(session.id)
    assert document is not None
    assert document.body["exchanged_at"] == to_rfc3339(session.refreshed_at)
    assert (document.body["counter"], session.counter) == (2, 2)
    assert signed_in.refresh_token.rpartition(".")[2] not in str(document.body)
