"""What Prometheus reads of carts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from shared.observability.metrics import REGISTRY

CART_STREAMS = Gauge("cart_streams", "Live carts that are open.", registry=REGISTRY)
CART_STREAM_EVENTS = Counter(
    "cart_stream_events_total",
    "Events of live carts: `cart`, or why a stream ended; `left` is a client that closed it, `stalled`"
    " one that took nothing for too long.",
    ["event"],
    registry=REGISTRY,
)

CARTS_EXPIRED = Counter("carts_expired_total", "Carts removed at the end of their life.", registry=REGISTRY)
