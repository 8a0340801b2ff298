"""Prometheus metrics of sign-in."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from shared.observability.metrics import REGISTRY

PASSWORD_SECONDS = Histogram(
    "auth_password_duration_seconds",
    "Time to hash or verify a password, with the wait for a thread.",
    ["operation"],
    registry=REGISTRY,
)
SIGN_INS_THROTTLED = Counter(
    "auth_sign_ins_throttled_total",
    "Sign-ins refused after too many failures, by account or client, and sign-ups after too many.",
    ["by"],
    registry=REGISTRY,
)
THROTTLE_UNAVAILABLE = Counter(
    "auth_throttle_unavailable_total",
    "Sign-ins and sign-ups that were let through uncounted, as Redis was away.",
    registry=REGISTRY,
)
