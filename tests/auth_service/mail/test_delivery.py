"""Mails of a shop with a mail server: late where the server is away, never lost, and never for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest

from auth_service.accounts.credentials import NewAccount
from auth_service.codes.model import CodePurpose
from auth_service.codes.removal import remove_expired_codes
from auth_service.mail.metrics import MAILS
from auth_service.mail.store import NOTICES
from auth_service.service import AuthService
from auth_service.sessions.tokens import SignedIn
from shared.security.identity import Identity
from tests.auth_service.conftest import CLIENT, MakeSettings, World, open_world
from tests.auth_service.people import PASSWORD
from tests.support.clock import MovableClock
from tests.support.mails import MailServer, code_in, mail_server
from tests.support.waiting import eventually

NEW = "staple horse battery"


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
def settings(auth_settings: MakeSettings, server: MailServer) -> MakeSettings:
    def make(**replaced: object) -> object:
        url = f"smtp+plain://127.0.0.1:{server.port}"
        return auth_settings(mail_url=url, mail_from="shop@example.com", **replaced)

    return make  # type: ignore[return-value]


@pytest.fixture
async def world(settings: MakeSettings, clock: MovableClock) -> AsyncIterator[World]:
    async with open_world(settings(), clock) as opened:
        yield opened


def count(outcome: str) -> float:
    return float(MAILS.labels(outcome)._value.get())


async def subjects(server: MailServer, *expected: str) -> None:
    """Waits until there are mails with these words in their subjects, and no others."""

    def arrived() -> bool:
        found = sorted(str(mail["Subject"]) for mail in server.mails)
        return len(found) >= len(expected) and all(
            any(words in subject for subject in found) for words in expected
        )

    await eventually(arrived)
    assert len(server.mails) == len(expected)


async def test_a_mail_waits_for_a_server_that_is_away(
    server: MailServer, auth: AuthService, account: NewAccount, capfd: pytest.CaptureFixture[str]
) -> None:
    await server.stop()
    delayed = count("delayed")
    await auth.sign_in.register(account, CLIENT)
    await eventually(lambda: count("delayed") > delayed + 1)
    await server.start()
    await subjects(server, "Confirm your address")
    assert server.recipients == [account.email]
    log = capfd.readouterr().out
    assert "MAIL_URL" in log
    assert account.email not in log
    assert code_in(server.mails[0]) not in log


async def test_a_temporary_refusal_is_tried_again(
    server: MailServer, auth: AuthService, account: NewAccount, capfd: pytest.CaptureFixture[str]
) -> None:
    server.answers = [f"450 mailbox of {account.email} is busy", "250 OK"]
    await auth.sign_in.register(account, CLIENT)
    await subjects(server, "Confirm your address")
    assert account.email not in capfd.readouterr().out


async def test_a_mailbox_that_does_not_exist_is_given_up(
    server: MailServer,
    world: World,
    auth: AuthService,
    account: NewAccount,
    capfd: pytest.CaptureFixture[str],
) -> None:
    server.answers, refused = [f"550 no mailbox {account.email}"], count("refused")
    await auth.sign_in.register(account, CLIENT)
    await eventually(lambda: count("refused") == refused + 1)
    world.clock.move(minutes=2)
    await auth.codes.request(account.email, CodePurpose.RESET, CLIENT)
    await subjects(server, "new password")
    log = capfd.readouterr().out
    assert "mail given up" in log
    assert account.email not in log


async def test_a_mail_that_was_written_and_not_sent_is_sent_by_another_replica(
    server: MailServer, settings: MakeSettings, account: NewAccount
) -> None:
    """The first process ends before the mail server has taken anything."""
    await server.stop()
    clock, delayed = MovableClock(), count("delayed")
    async with open_world(settings(), clock) as dying:
        await (await dying.compose()).sign_in.register(account, CLIENT)
        await eventually(lambda: count("delayed") > delayed)
    clock.move(seconds=6)
    await server.start()
    async with open_world(settings(), clock):
        await subjects(server, "Confirm your address")


async def test_a_repeat_is_the_same_mail(server: MailServer, auth: AuthService, account: NewAccount) -> None:
    """The server has taken the mail, and its answer is lost."""
    server.lost_answers = 1
    await auth.sign_in.register(account, CLIENT)
    await eventually(lambda: len(server.mails) == 2)
    first, again = server.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert code_in(first) == code_in(again)


async def test_an_expired_code_is_not_mailed_late(
    server: MailServer, world: World, auth: AuthService, account: NewAccount
) -> None:
    await auth.sign_in.register(account, CLIENT)
    await subjects(server, "Confirm your address")
    await server.stop()
    delayed, expired = count("delayed"), count("expired")
    await auth.codes.request(account.email, CodePurpose.RESET, CLIENT)
    await eventually(lambda: count("delayed") > delayed)
    world.clock.move(minutes=10)
    await server.start()
    await eventually(lambda: count("expired") == expired + 1)
    assert len(server.mails) == 1


async def test_nothing_personal_stays_after_a_notice(
    server: MailServer, world: World, auth: AuthService, signed_in: SignedIn, identity: Identity
) -> None:
    await auth.accounts.delete(identity, PASSWORD, CLIENT)
    await eventually(lambda: any("was deleted" in mail["Subject"] for mail in server.mails))
    store = await world.backends.stores.open(NOTICES)

    async def cleared() -> bool:
        await store.refresh()
        bodies = [orjson.dumps(document.body).decode() async for document in store.scan([])]
        return bool(bodies) and all(signed_in.user.email not in body for body in bodies)

    await eventually(cleared)
    world.clock.move(hours=2)

    async def gone() -> bool:
        await remove_expired_codes(world.adapters.mailing.expiring, world.clock)
        await store.refresh()
        return not [document async for document in store.scan([])]

    await eventually(gone)


async def test_a_notice_that_the_server_never_takes_keeps_no_other_event_waiting(
    server: MailServer, auth: AuthService, world: World, identity: Identity
) -> None:
    await server.stop()
    await auth.accounts.change_password(identity, PASSWORD, NEW, CLIENT)
    assert await world.adapters.users.delivered(identity.user_id, 60)
    delayed = count("delayed")
    await eventually(lambda: count("delayed") > delayed)
    await server.start()
    await eventually(lambda: any("was changed" in mail["Subject"] for mail in server.mails))
