"""Metrics of the throttle."""

from __future__ import annotations

from prometheus_client import Counter

from shared.observability.metrics import REGISTRY

THROTTLED = Counter(
    "auth_throttled_total",
    "Requests refused with 429, by the budget that was used up: account, network, account at one network "
    "(pair), known device, all known devices at one network (devices), session, sign-up, guest, mails, "
    "or by a full queue.",
    ["reason"],
    registry=REGISTRY,
)
COUNTED_ALONE = Counter(
    "auth_throttle_unavailable_total",
    "Attempts that this replica counted alone, as Redis was away.",
    registry=REGISTRY,
)
