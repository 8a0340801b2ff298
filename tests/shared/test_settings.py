"""Settings come from the environment, and production wants secrets of its own."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from shared.settings import Environment, ServiceSettings

SECRET = SecretStr("something that nobody knows")


def test_a_setting_is_a_variable_of_the_same_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_BODY_LIMIT_BYTES", "2048")
    assert ServiceSettings().http_body_limit_bytes == 2048


def test_development_has_default_secrets() -> None:
    assert ServiceSettings().cursor_secret.get_secret_value().startswith("development-only")


def test_production_refuses_them_by_name() -> None:
    with pytest.raises(ValidationError, match="CURSOR_SECRET must be set"):
        ServiceSettings(environment=Environment.PRODUCTION)
    ServiceSettings(environment=Environment.PRODUCTION, cursor_secret=SECRET)


def test_every_secret_is_looked_at() -> None:
    class MoreSettings(ServiceSettings):
        auth_secret: SecretStr = SecretStr("development-only-auth-secret")

    with pytest.raises(ValidationError, match="AUTH_SECRET must be set"):
        MoreSettings(environment=Environment.PRODUCTION, cursor_secret=SECRET)


def test_secrets_are_not_shown() -> None:
    assert "nobody knows" not in repr(ServiceSettings(cursor_secret=SECRET))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("redis_url", "rediss://:hidden@redis.example:6380/1"),
        ("redis_url", "redis://localhost"),
        ("nats_url", "nats://a:4222, hidden@b:4222,tls://user:hidden@c"),
        ("nats_url", "localhost:4222"),
        ("elasticsearch_url", "https://user:hidden@[::1]:9200/path"),
        ("elasticsearch_url", ""),
    ],
)
def test_an_address_is_accepted_and_not_shown(name: str, address: str) -> None:
    settings = ServiceSettings(**{name: address})
    assert getattr(settings, name).get_secret_value() == address
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("redis_url", ""),
        ("redis_url", "localhost:6379"),
        ("redis_url", "redis://:hid/den@localhost:6379"),
        ("redis_url", "redis:///0"),
        ("redis_url", "http://hidden@localhost:6379"),
        ("nats_url", ""),
        ("nats_url", "nats://hidden@a:4222,nats://b:port"),
        ("elasticsearch_url", "localhost:9200"),
        ("elasticsearch_url", "http://localhost"),
        ("elasticsearch_url", "http://[::1:9200"),
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(name: str, address: str) -> None:
    with pytest.raises(ValidationError, match="which looks like") as refused:
        ServiceSettings(**{name: address})
    assert refused.value.errors()[0]["loc"] == (name,)
    assert "hid" not in str(refused.value)


@pytest.mark.parametrize("secret", ["", "fifteen letters"])
def test_a_short_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError, match="at least 16"):
        ServiceSettings(environment=Environment.PRODUCTION, cursor_secret=secret)


@pytest.mark.parametrize("seconds", ["0", "0.5", "301"])
def test_the_time_to_drain_is_what_it_says(seconds: str) -> None:
    with pytest.raises(ValidationError, match="http_drain_seconds"):
        ServiceSettings(http_drain_seconds=seconds)


def test_every_setting_is_described() -> None:
    assert [name for name, field in ServiceSettings.model_fields.items() if not field.description] == []
