"""The pause before another attempt."""

from __future__ import annotations

import random
from collections.abc import Iterator


def backoff(first: float = 0.05, most: float = 2.0) -> Iterator[float]:
    """Delays in seconds, without end: doubling up to `most`, each with a random half taken off, so that many
    replicas do not come back in step."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1)
        delay = min(delay * 2, most)
