"""Settings that are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from auth_service.main import create_app
from auth_service.settings import AuthSettings
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH
from tests.support.apps import running
from tests.support.waiting import eventually


def test_default_secrets_are_refused_outside_development() -> None:
    with pytest.raises(ValidationError, match="AUTH_SECRET"):
        AuthSettings(environment="production", cursor_secret="a secret of our own")


def test_own_secrets_are_accepted() -> None:
    secret = "a secret of our own, long enough"
    assert AuthSettings(
        environment="production",
        cursor_secret=secret,
        auth_secret=secret,
        gateway_secret=secret,
        mail_url="file:",
    )


OWN = {
    "environment": "production",
    **dict.fromkeys(("cursor_secret", "auth_secret", "gateway_secret"), "a secret of our own, long enough"),
}


def test_production_needs_a_mail_server_or_the_word_that_files_will_do() -> None:
    with pytest.raises(ValidationError, match=r"MAIL_URL must be set.*smtp://user:password@host:587"):
        AuthSettings(**OWN)
    assert AuthSettings(**OWN, mail_url="file:")


def test_production_needs_an_address_that_mails_come_from() -> None:
    server = {"mail_url": "smtps://shop:secret-of-mail@mail.example.com"}
    with pytest.raises(ValidationError, match="MAIL_FROM") as refusal:
        AuthSettings(**OWN, **server)
    assert "secret-of-mail" not in str(refusal.value)
    assert AuthSettings(**OWN, **server, mail_from="shop@example.com")


@pytest.mark.parametrize(
    "wrong",
    [
        {"mail_url": "http://user:secret-of-mail@host"},
        {"mail_url": "smtp+plain://user:secret-of-mail@host"},
        {"mail_from": "shop"},
        {"mail_from": "shop@example.com\r\nBcc: eve@example.com"},
        {"shop_name": "Shop\nX: y"},
        {"shop_url": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_settings_of_mails_that_make_no_sense_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        AuthSettings(**wrong)
    assert "secret-of-mail" not in str(refusal.value)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValidationError, match="auth_secret"):
        AuthSettings(auth_secret="short")


def test_the_previous_secret_is_empty_or_a_secret() -> None:
    assert AuthSettings(auth_secret_previous="")
    assert AuthSettings(auth_secret_previous="a secret of our own")
    with pytest.raises(ValidationError, match="at least 16 characters"):
        AuthSettings(auth_secret_previous="short")


def test_a_default_secret_is_no_previous_one_outside_development() -> None:
    secret, default = "a secret of our own, long enough", AuthSettings().auth_secret
    with pytest.raises(ValidationError, match="AUTH_SECRET_PREVIOUS"):
        AuthSettings(
            environment="production",
            cursor_secret=secret,
            auth_secret=secret,
            gateway_secret=secret,
            auth_secret_previous=default,
        )


async def test_a_service_with_another_secret_never_serves(
    auth_settings: MakeSettings, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running(create_app(auth_settings())):
        pass
    stranger = create_app(auth_settings(auth_secret="another secret of a fair length"))
    async with running(stranger, wait_ready=False) as shop:
        output: list[str] = []

        def names_the_setting() -> bool:
            output.append(capfd.readouterr().out)
            return "AUTH_SECRET does not open the signing keys" in "".join(output)

        await eventually(names_the_setting)
        answer = await shop.post(f"{AUTH}/guest")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
