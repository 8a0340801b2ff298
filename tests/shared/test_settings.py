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


def test_every_setting_is_described() -> None:
    assert [name for name, field in ServiceSettings.model_fields.items() if not field.description] == []
