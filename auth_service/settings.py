"""The settings of auth_service: sign-in, sessions, passwords and signing keys."""

from __future__ import annotations

from pydantic import Field, SecretStr

from auth_service.mail.settings import MailSettings
from shared.settings import DEVELOPMENT_ONLY


class AuthSettings(MailSettings):
    auth_port: int = Field(3001, ge=1, le=65535, description="Port of auth_service.")
    auth_secret: SecretStr = Field(
        SecretStr(f"{DEVELOPMENT_ONLY}-auth-secret"),
        min_length=16,
        description="Seals the signing keys in the store; the same for all replicas. Any long random text.",
    )
    auth_secret_previous: SecretStr = Field(
        SecretStr(""),
        description="The secret before a change of AUTH_SECRET: what it sealed and signed is still read.",
    )
    gateway_secret: SecretStr = Field(
        SecretStr(f"{DEVELOPMENT_ONLY}-gateway-secret"),
        min_length=16,
        description="The gateway's, in X-Gateway-Secret: auth takes X-Forwarded-For only with it.",
    )
    auth_key_reload_seconds: float = Field(
        30,
        ge=0.1,
        le=3600,
        description="Pause between reads of the signing keys; a new key signs after twice that.",
    )
    auth_session_seconds: int = Field(
        2_592_000, ge=60, description="A session without a refresh ends after this time."
    )
    auth_session_longest_seconds: int = Field(
        15_552_000, ge=60, description="A session ends after this time, however often it is refreshed."
    )
    auth_admin_session_seconds: int = Field(
        43_200, ge=60, description="The same for the sessions of administrators."
    )
    auth_refresh_grace_seconds: int = Field(
        30,
        ge=0,
        le=300,
        description="So long an exchanged refresh token gets the newest one; later it ends the session.",
    )
    auth_sessions_per_user: int = Field(
        50, ge=1, le=1000, description="Sessions of one user; one more ends the oldest."
    )
    auth_password_workers: int = Field(2, ge=1, le=64, description="Passwords hashed at once, in threads.")
    auth_password_queue: int = Field(
        100, ge=0, description="Passwords that may wait to be hashed; past that sign-in answers 503."
    )
    auth_password_memory_kib: int = Field(
        19_456, ge=8, description="Memory of one argon2id hash. The default is OWASP's minimum."
    )
    auth_password_iterations: int = Field(2, ge=1, le=100, description="Passes of one argon2id hash.")
    auth_failures_per_account: int = Field(
        10, ge=1, description="Failed sign-ins to one account in the window; past that sign-in answers 429."
    )
    auth_failures_per_client: int = Field(
        100,
        ge=1,
        description="Failed sign-ins from one client address in the window; past that sign-in answers 429.",
    )
    auth_failure_window_seconds: int = Field(900, ge=1, le=86_400, description="How long a failure counts.")
    auth_sign_ups_per_minute: int = Field(
        6000,
        ge=0,
        description="New accounts and guests from one client address; past that it answers 429. 0: no limit.",
    )
