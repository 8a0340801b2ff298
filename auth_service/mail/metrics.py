"""Metrics of mails."""

from __future__ import annotations

from prometheus_client import Counter

from shared.observability.metrics import REGISTRY

MAILS = Counter(
    "auth_mails_total",
    "Attempts to send a mail: sent; delayed, as the mail server did not take it; given up as refused, or as "
    "expired.",
    ["outcome"],
    registry=REGISTRY,
)
