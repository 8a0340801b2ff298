"""The metrics behind `/metrics`, for Prometheus. A process has one set: it is one replica of one service."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]  # left untyped by the library

REGISTRY = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

HTTP_REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time to answer a request, by route template; `_count` is the number of requests.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
HTTP_IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being answered.", registry=REGISTRY)
HTTP_ERRORS = Counter(
    "http_unhandled_errors_total", "Requests that ended in an unforeseen exception.", registry=REGISTRY
)

STORE_BATCH_ITEMS = Histogram(
    "store_batch_items",
    "Operations that one request to the store carried.",
    ["collection", "operation"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    registry=REGISTRY,
)
STORE_BATCH_SECONDS = Histogram(
    "store_batch_duration_seconds",
    "Time of one request to the store.",
    ["collection", "operation"],
    registry=REGISTRY,
)
STORE_CONFLICTS = Counter(
    "store_conflicts_total",
    "Compare-and-swap writes that were tried again.",
    ["collection"],
    registry=REGISTRY,
)

STORE_AWAY = Gauge(
    "store_away", "1 while requests are refused because the store does not answer.", registry=REGISTRY
)

CACHE_READS = Counter(
    "cache_reads_total", "Reads of the cache: hit, miss or unavailable.", ["result"], registry=REGISTRY
)
CACHE_BATCH_ITEMS = Histogram(
    "cache_batch_items",
    "Commands that one pipeline to Redis carried.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    registry=REGISTRY,
)
CACHE_FAILURES = Counter("cache_failures_total", "Times the cache was found away.", registry=REGISTRY)

EVENTS_PUBLISHED = Counter(
    "events_published_total", "Events acknowledged by the stream.", ["type"], registry=REGISTRY
)
EVENTS_HANDLED = Counter(
    "events_handled_total", "Events: handled, retried or dead.", ["consumer", "outcome"], registry=REGISTRY
)
EVENTS_UNDELIVERED = Gauge(
    "events_undelivered", "Events of this replica that wait for delivery.", registry=REGISTRY
)

TOKENS_VERIFIED = Counter(
    "tokens_verified_total",
    "Access tokens: valid, memoised, refused or revoked.",
    ["result"],
    registry=REGISTRY,
)
