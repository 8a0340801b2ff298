"""The settings that every service has. Each is an environment variable in upper case (`.env.example`)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.addresses import check_address, split_addresses

DEVELOPMENT_ONLY = "development-only"
"""The prefix of the default of each secret."""


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class ServiceSettings(BaseSettings):
    """The settings that every service has."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True, hide_input_in_errors=True)

    environment: Environment = Field(
        Environment.DEVELOPMENT, description="`production` refuses default secrets and hides nothing else."
    )
    shop_name: str = Field(
        "Trolley",
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="What the shop is called, in mails; no password contains it.",
    )
    shop_currency: str = Field("USD", pattern="^[A-Z]{3}$", description="ISO 4217 code of all prices.")

    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level logged.")
    log_format: LogFormat = Field(LogFormat.AUTO, description="`auto`: console on a terminal, else JSON.")

    log_requests: bool = Field(True, description="A line for each request; else only for those that failed.")
    otel_exporter_otlp_endpoint: str = Field(
        "", description="OpenTelemetry collector (HTTP) that gets traces; needs the `tracing` extra."
    )

    http_host: str = Field("127.0.0.1", description="Address a service listens on.")
    http_body_limit_bytes: int = Field(1_048_576, ge=1024, description="Largest request body.")
    http_requests_limit: int = Field(
        2048,
        ge=16,
        description="Requests under way in a replica, live carts included; one more answers 503.",
    )
    http_held_bytes: int = Field(
        33_554_432,
        ge=1_048_576,
        description="Memory for large requests and answers under way, bytes; past it they get 503.",
    )
    http_drain_seconds: int = Field(
        10, ge=1, le=300, description="Time for running requests to finish after SIGTERM; at least 1."
    )

    http_drain_delay_seconds: float = Field(
        0,
        ge=0,
        le=60,
        description="Time to go on accepting after SIGTERM, until balancers have noticed; compose takes 5.",
    )

    cursor_secret: SecretStr = Field(
        SecretStr(f"{DEVELOPMENT_ONLY}-cursor-secret"),
        min_length=16,
        description="Signs the cursors of lists. Any long random text.",
    )

    elasticsearch_url: SecretStr = Field(
        SecretStr(""), description="Elasticsearch, the store. Empty: SQLite, embedded."
    )
    elasticsearch_index_prefix: str = Field("shop-", pattern="^[a-z0-9-]*$", description="Of index names.")
    elasticsearch_index_replicas: int = Field(
        0, ge=0, le=5, description="Copies of each shard; 1 in a cluster."
    )
    sqlite_directory: Path = Field(Path(".data/store"), description="Folder of the embedded store's files.")
    store_batch_items: int = Field(256, ge=1, le=5000, description="Most operations in one group commit.")
    store_queue_limit: int = Field(
        4096, ge=1, description="Operations waiting for the store, past which requests answer 503."
    )
    store_queue_bytes: int = Field(
        33_554_432,
        ge=1_048_576,
        description="Documents waiting to be written, bytes, past which requests answer 503.",
    )

    nats_url: SecretStr = Field(
        SecretStr("nats://127.0.0.1:4222"), description="NATS with JetStream. Several: with commas."
    )
    nats_stream_replicas: int = Field(
        1, ge=1, le=5, description="Copies of streams and buckets; 3 in a cluster."
    )

    redis_url: SecretStr = Field(SecretStr("redis://127.0.0.1:6379/0"), description="Redis, the cache.")

    auth_issuer: str = Field("trolley", description="`iss` of access tokens.")
    auth_audience: str = Field("trolley", description="`aud` of access tokens.")
    auth_access_token_seconds: int = Field(600, ge=30, le=3600, description="Life of an access token.")

    @field_validator("elasticsearch_url")
    @classmethod
    def _check_elasticsearch(cls, url: SecretStr) -> SecretStr:
        if url:
            example = "https://user:password@host:9200"
            check_address(url.get_secret_value(), ("http", "https"), example, needs_port=True)
        return url

    @field_validator("nats_url")
    @classmethod
    def _check_nats(cls, urls: SecretStr) -> SecretStr:
        for address in split_addresses(urls.get_secret_value()) or [""]:
            example = "nats://user:password@host:4222"
            check_address(address, ("nats", "tls", "ws", "wss"), f"{example}; put commas between several")
        return urls

    @field_validator("redis_url")
    @classmethod
    def _check_redis(cls, url: SecretStr) -> SecretStr:
        check_address(url.get_secret_value(), ("redis", "rediss"), "redis://:password@host:6379/0")
        return url

    @model_validator(mode="after")
    def _refuse_default_secrets(self) -> Self:
        if self.environment is Environment.DEVELOPMENT:
            return self
        defaults = [
            name.upper()
            for name, value in self
            if isinstance(value, SecretStr) and value.get_secret_value().startswith(DEVELOPMENT_ONLY)
        ]
        if defaults:
            raise ValueError(
                f"{', '.join(defaults)} must be set to a secret of your own in {self.environment}"
            )
        return self
