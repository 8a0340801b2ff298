"""Settings every service has. Each is an environment variable of the same name in upper case (`.env.example`)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class ServiceSettings(BaseSettings):
    """What the three services share."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    environment: Environment = Field(
        Environment.DEVELOPMENT, description="`production` refuses default secrets and hides nothing else."
    )
    shop_currency: str = Field("USD", pattern="^[A-Z]{3}$", description="ISO 4217 code of all prices.")

    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level logged.")
    log_format: LogFormat = Field(LogFormat.AUTO, description="`auto`: console on a terminal, else JSON.")

    http_host: str = Field("127.0.0.1", description="Address a service listens on.")
    http_body_limit_bytes: int = Field(1_048_576, ge=1024, description="Largest request body.")
    http_drain_seconds: float = Field(
        10, ge=0, le=300, description="Time for running requests to finish after SIGTERM."
    )

    elasticsearch_url: str = Field("", description="Elasticsearch, the store. Empty: SQLite, embedded.")
    elasticsearch_index_prefix: str = Field("shop-", pattern="^[a-z0-9-]*$", description="Of index names.")
    elasticsearch_index_replicas: int = Field(0, ge=0, le=5, description="Copies of each shard; 1 in a cluster.")
    sqlite_directory: Path = Field(Path(".data/store"), description="Folder of the embedded store's files.")
    store_batch_items: int = Field(256, ge=1, le=5000, description="Most operations in one group commit.")
    store_queue_limit: int = Field(
        4096, ge=1, description="Operations waiting for the store, past which requests answer 503."
    )

    nats_url: str = Field("nats://127.0.0.1:4222", description="NATS with JetStream. Several: with commas.")
    nats_stream_replicas: int = Field(1, ge=1, le=5, description="Copies of streams and buckets; 3 in a cluster.")

    redis_url: SecretStr = Field(SecretStr("redis://127.0.0.1:6379/0"), description="Redis, the cache.")

    auth_issuer: str = Field("trolley", description="`iss` of access tokens.")
    auth_audience: str = Field("trolley", description="`aud` of access tokens.")
    auth_access_token_seconds: int = Field(600, ge=30, le=3600, description="Life of an access token.")
