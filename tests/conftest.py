"""Fixtures for all tests: real servers, one per worker process, and what a service needs to run on them."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from shared.ids import new_id
from shared.settings import ServiceSettings
from shared.store.elasticsearch.factory import ElasticsearchStoreFactory
from shared.store.factory import create_store_factory
from shared.store.sqlite.factory import SqliteStoreFactory
from tests.support import backend_counts
from tests.support.elasticsearch import (
    delete_indices,
    elasticsearch_in_use,
    empty_indices,
    hide_address,
    require_elasticsearch,
)
from tests.support.servers import NatsServer, RedisServer
from tests.support.spans import Spans, collect
from tests.support.tokens import TokenIssuer
from trolley.local.ports import free_port

# No time is measured, and an example may take a fixture that others used: it takes fresh keys.
settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(backend_counts.BackendCounts(), "backend-counts")
    # Settings are read from the environment: those of the developer's shell must not leak into tests.
    hide_address()
    for name in ("NATS_URL", "REDIS_URL", "SQLITE_DIRECTORY", "ENVIRONMENT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        os.environ.pop(name, None)
    # A shell that starts the tests in the background has them ignore Ctrl-C, and all they start with them.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _log_plainly() -> None:
    """Logs go to standard output, which pytest shows with a failure; tracebacks without local variables. For
    each test anew, because a command configures logs for the whole process."""
    structlog.reset_defaults()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )


@pytest.fixture(name="free_port")
def _free_port() -> int:
    return free_port()


@pytest.fixture
def spans() -> Spans:
    """The spans of this test, by OpenTelemetry's SDK."""
    return collect()


@pytest.fixture
def fast() -> bool:
    """Whether services answer without FastAPI's solver; `both_ways` of `tests.support.apps` replaces it."""
    return True


@pytest.fixture(scope="session")
def _shared_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def nats_url(_shared_nats: NatsServer) -> str:
    """The worker's NATS. It is shared by tests: take fresh ids, or `nats_server` where that is not enough."""
    return _shared_nats.url


@pytest.fixture(scope="session")
def shared_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of one run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A NATS of the test's own, which it may stop, pause, kill and start again."""
    server = NatsServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[str]:
    """The worker's Redis, shared by tests: take fresh keys. `TEST_REDIS=fakeredis` chooses the fake one."""
    server = RedisServer(tmp_path_factory.mktemp("redis"), fake=os.environ.get("TEST_REDIS") == "fakeredis")
    pytestconfig.stash[backend_counts.redis_kind] = server.kind
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def redis_server(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[RedisServer]:
    """A Redis of the test's own, which it may stop, pause, kill and start again."""
    server = RedisServer(tmp_path, fake=os.environ.get("TEST_REDIS") == "fakeredis")
    pytestconfig.stash[backend_counts.redis_kind] = server.kind
    server.start()
    yield server
    server.stop()


@pytest.fixture
def elasticsearch_url() -> str:
    """The real Elasticsearch; skips where there is none. Mark such tests `elasticsearch`."""
    return require_elasticsearch()


@pytest.fixture
def reuses_indices() -> bool:
    """Whether a test may have the indices of the test before it, emptied. Elasticsearch takes seconds to
    create a service's indices, and hundredths to empty them, so the tests of services say True."""
    return False


@pytest.fixture(scope="session")
def _reused_prefix(shared_directory: Path) -> Iterator[str]:
    url, prefix = require_elasticsearch(), f"test-{new_id()}-"
    yield prefix
    with elasticsearch_in_use(shared_directory):
        delete_indices(url, prefix)


@pytest.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def store_settings(
    request: pytest.FixtureRequest, tmp_path: Path, shared_directory: Path, reuses_indices: bool
) -> Iterator[dict[str, Any]]:
    """Settings that choose each store in turn, empty and of the test's own."""
    if request.param == "sqlite":
        yield {"elasticsearch_url": "", "sqlite_directory": tmp_path / "store"}
        return
    url = require_elasticsearch()
    prefix = request.getfixturevalue("_reused_prefix") if reuses_indices else f"test-{new_id()}-"
    with elasticsearch_in_use(shared_directory):
        yield {"elasticsearch_url": url, "elasticsearch_index_prefix": prefix}
        (empty_indices if reuses_indices else delete_indices)(url, prefix)


@pytest.fixture
async def store_factory(
    store_settings: dict[str, Any],
) -> AsyncIterator[ElasticsearchStoreFactory | SqliteStoreFactory]:
    """Opens collections of each store in turn."""
    factory = create_store_factory(ServiceSettings(**store_settings))
    yield factory
    await factory.close()


@pytest.fixture
def backend_settings(
    store_settings: dict[str, Any], nats_url: str, redis_url: str, tokens: TokenIssuer
) -> dict[str, Any]:
    """Settings of a whole service, over each store: `CartSettings(**backend_settings)`. With `tokens`, so
    that a service knows their key from its start: one that is published later reaches it a moment later."""
    return {**store_settings, "nats_url": nats_url, "redis_url": redis_url}


@pytest.fixture(scope="session")
def _issuer() -> TokenIssuer:
    return TokenIssuer()


@pytest.fixture
async def tokens(_issuer: TokenIssuer, nats_url: str) -> TokenIssuer:
    """Issues tokens that services on `nats_url` accept."""
    await _issuer.publish_key(nats_url)
    return _issuer
