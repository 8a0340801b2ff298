"""The settings of auth_service: sign-in, sessions, passwords and signing keys."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from auth_service.mail.settings import MailSettings
from shared.settings import DEVELOPMENT_ONLY

SECRET_MIN = 16


class AuthSettings(MailSettings):
    auth_port: int = Field(3001, ge=1, le=65535, description="Port of auth_service.")
    auth_secret: SecretStr = Field(
        SecretStr(f"{DEVELOPMENT_ONLY}-auth-secret"),
        min_length=SECRET_MIN,
        description="Seals the signing keys in the store; the same for all replicas. Any long random text.",
    )
    auth_secret_previous: SecretStr = Field(
        SecretStr(""),
        description="The secret before a change of AUTH_SECRET: what it sealed and signed is still read.",
    )
    gateway_cors_origins: str = Field(
        "http://localhost:*,http://127.0.0.1:*",
        description="Origins whose pages may call the shop, with commas. `:*` at the end of one is any port.",
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
    auth_key_rotation_days: int = Field(
        30, ge=0, le=3650, description="Age at which a signing key gets a successor; 0: only by hand."
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
    auth_recent_sign_in_seconds: int = Field(
        900,
        ge=60,
        le=86_400,
        description="Age of the sign-in after which editors and admins sign in again for sensitive changes.",
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
    auth_breached_passwords_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        max_length=2000,
        description="Service of breached passwords, by ranges as in Have I Been Pwned; empty asks nobody.",
    )
    auth_failures_per_account: int = Field(
        30, ge=1, description="Failed sign-ins of unknown devices to one account before they must wait."
    )
    auth_failures_per_network: int = Field(
        100,
        ge=1,
        description="Failed sign-ins from one address (IPv6: /64) before unknown devices there wait.",
    )
    auth_failures_per_device: int = Field(
        10,
        ge=1,
        description="Failures at one account by one address, known device or session, without a wait.",
    )
    auth_first_wait_seconds: float = Field(
        1,
        ge=0.1,
        le=86_400,
        description="The first wait after too many failures; each further one doubles it.",
    )
    auth_longest_wait_seconds: float = Field(
        900, ge=0.1, le=86_400, description="The longest wait; in this time one failure is forgiven."
    )
    auth_sign_ups_per_minute: int = Field(
        30, ge=0, description="New accounts from one address; past that it answers 429. 0: no limit."
    )
    auth_guests_per_minute: int = Field(
        600, ge=0, description="New guests from one address; past that it answers 429. 0: no limit."
    )
    auth_mails_per_account: int = Field(
        5, ge=1, description="Mailed codes to one account at once; one more after each five minutes."
    )
    auth_mails_per_network: int = Field(
        600,
        ge=1,
        description="Codes that unknown devices at one address ask for in an hour; past that it answers 429.",
    )

    @field_validator("auth_secret_previous")
    @classmethod
    def _check_previous_secret(cls, secret: SecretStr) -> SecretStr:
        if 0 < len(secret.get_secret_value()) < SECRET_MIN:
            raise ValueError(f"leave it empty, or set a secret of at least {SECRET_MIN} characters")
        return secret
